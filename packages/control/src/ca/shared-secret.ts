import { type KubeClient, KubeError, type KubeMeta, type KubeObject } from '@heddle/kube/client'
import { SECRETS } from '@heddle/kube/resources'
import { CaError } from './ca-error.ts'

/** Where a Secret is, and what it gets when it is made. */
export interface SharedSecretOptions {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'update'>
  readonly namespace: string
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
}

/** Texts by key. */
export type SecretTexts = Readonly<Record<string, string>>

/** Writes some keys beside the others that are there, and removes those that are to be `undefined`; all of it at once. */
export type WriteSecret = (texts: Readonly<Record<string, string | undefined>>) => Promise<void>

interface Secret extends KubeObject {
  readonly type?: string
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>
}

/** Replicas that start together meet here a few times at most. */
const MAX_TRIES = 10

/**
 * A Secret that all replicas share. What one has written is never overwritten by another that has not seen it: each write names the
 * version that it is based on.
 */
export class SharedSecret {
  readonly #options: SharedSecretOptions

  constructor(options: SharedSecretOptions) {
    this.#options = options
  }

  /** `Secret heddle/heddle-authority`: how messages call it. */
  get place(): string {
    return `Secret ${this.#options.namespace}/${this.#options.name}`
  }

  /** What is in it; nothing where it is not there. */
  async read(): Promise<SecretTexts> {
    return textsOf(await this.#get())
  }

  /**
   * Does some work on what is in it now; anew when somebody else was quicker with a change.
   *
   * @returns what the work returned
   * @throws {CaError} when others are quicker again and again
   */
  async change<T>(work: (texts: SecretTexts, write: WriteSecret) => T | Promise<T>): Promise<T> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const secret = await this.#get()
      try {
        return await work(textsOf(secret), (texts) => this.#write(secret, texts))
      } catch (error) {
        if (!isConflict(error)) throw error
      }
    }
    throw new CaError(`${this.place}: changed by others ${MAX_TRIES} times while it was being written`)
  }

  #get(): Promise<Secret | undefined> {
    const { client, namespace, name } = this.#options
    return client.get<Secret>({ resource: SECRETS, namespace, name })
  }

  async #write(secret: Secret | undefined, texts: Parameters<WriteSecret>[0]): Promise<void> {
    const { client, namespace, name, labels } = this.#options
    const metadata: KubeMeta = secret?.metadata ?? { namespace, name, ...(labels && { labels }) }
    const data = { ...secret?.data }
    for (const [key, text] of Object.entries(texts)) {
      if (text === undefined) delete data[key]
      else data[key] = Buffer.from(text).toString('base64')
    }
    const written = { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', ...secret, metadata, data }
    if (secret === undefined) await client.create(SECRETS, written)
    else await client.update(SECRETS, written)
  }
}

/** Somebody else was quicker, in making it or in changing it. */
function isConflict(error: unknown): boolean {
  return error instanceof KubeError && error.status === 409
}

function textsOf(secret: Secret | undefined): SecretTexts {
  const entries = Object.entries(secret?.data ?? {})
  return Object.fromEntries(entries.map(([key, encoded]) => [key, Buffer.from(encoded, 'base64').toString('utf8')]))
}
