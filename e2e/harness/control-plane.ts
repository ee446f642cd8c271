import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { createCsr } from '@heddle/identity/csr'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import type { TestMesh } from './mesh.ts'

/** Certificate and key that a stranger shows to the control plane. */
export interface Credentials {
  readonly certificateChainPem: string
  readonly privateKeyPem: string
}

/** What the control plane answered: the whole body, for a stream what came until its first message or end. */
export interface ControlAnswer {
  readonly status: number
  readonly text: string
}

interface Context {
  readonly server: string
  readonly trustBundleFile: string
  readonly tokenFile: string
}

const DEADLINE_MS = 10_000

/** Calls to the control plane of a mesh as a program would make them that is no proxy. */
export class ControlPlane {
  readonly #context: Context

  constructor(mesh: TestMesh) {
    const file = join(mesh.home, 'meshes', 'default', 'context.json')
    this.#context = JSON.parse(readFileSync(file, 'utf8')) as Context
  }

  get tokenFile(): string {
    return this.#context.tokenFile
  }

  get trustBundleFile(): string {
    return this.#context.trustBundleFile
  }

  /** `HOST:PORT` */
  get address(): string {
    return new URL(this.#context.server).host
  }

  /** Asks for a certificate with a new key. @returns what was answered, with the key for it */
  async sign(
    spiffeId: string,
    joinToken: string,
    own?: Credentials,
  ): Promise<ControlAnswer & { readonly key: string }> {
    const { privateKey, privateKeyPem } = await createWorkloadKey()
    const csr = Buffer.from(createCsr(privateKey, spiffeId)).toString('base64')
    const body = Buffer.from(JSON.stringify({ csr, joinToken }))
    const path = '/heddle.identity.v1.IdentityService/Sign'
    const answer = await this.#call({ path, type: 'application/json', body, own })
    return { ...answer, key: privateKeyPem }
  }

  /** Registers an instance as a proxy does. */
  watch(node: object, own?: Credentials): Promise<ControlAnswer> {
    const message = Buffer.from(JSON.stringify({ node }))
    // The envelope of Connect's streams: no flags, then the length.
    const head = Buffer.alloc(5)
    head.writeUInt32BE(message.length, 1)
    const path = '/heddle.discovery.v1.DiscoveryService/Watch'
    return this.#call({ path, type: 'application/connect+json', body: Buffer.concat([head, message]), own })
  }

  #call({ path, type, body, own }: Call): Promise<ControlAnswer> {
    return new Promise((resolve, reject) => {
      const sent = request(`${this.#context.server}${path}`, {
        method: 'POST',
        agent: false,
        headers: { 'content-type': type, 'connect-protocol-version': '1', 'content-length': body.length },
        ca: readFileSync(this.#context.trustBundleFile, 'utf8'),
        checkServerIdentity: () => undefined,
        ...(own === undefined ? {} : { cert: own.certificateChainPem, key: own.privateKeyPem }),
      })
      sent.setTimeout(DEADLINE_MS, () => sent.destroy(new Error(`no answer within ${DEADLINE_MS} ms`)))
      sent.on('error', reject)
      sent.on('response', (response) => {
        let text = ''
        const finish = (): void => {
          resolve({ status: response.statusCode ?? 0, text })
          sent.destroy()
        }
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
          // A stream that was accepted does not end.
          if (text.includes('"streamId"')) finish()
        })
        response.on('end', finish)
        response.on('error', () => undefined)
      })
      sent.end(body)
    })
  }
}

interface Call {
  readonly path: string
  readonly type: string
  readonly body: Buffer
  readonly own: Credentials | undefined
}
