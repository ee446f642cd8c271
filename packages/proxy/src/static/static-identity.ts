import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { StaticIdentity } from '@heddle/api/static-config'
import type { Clock, Timer } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { parseSpiffeId, serverNameOf } from '@heddle/identity/spiffe-id'
import type { TlsMaterial, WorkloadIdentity } from '../workload.ts'

const LOOK_EVERY_MS = 10_000

/** No identity: everything is plain. */
export const NO_IDENTITY: WorkloadIdentity = {
  spiffeId: '',
  serverName: '',
  current: () => undefined,
  onRotate: () => undefined,
}

export interface FileIdentityDeps {
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/**
 * An identity from PEM files, which are looked at every 10 s and taken over when they changed and fit together.
 *
 * @throws {Error} when a file cannot be read or is not what it should be
 */
export class FileIdentity implements WorkloadIdentity {
  readonly spiffeId: string
  readonly serverName: string
  readonly #files: StaticIdentity
  readonly #deps: FileIdentityDeps
  readonly #listeners = new Set<(material: TlsMaterial) => void>()
  #material: TlsMaterial
  #stamp: string
  #timer: Timer

  constructor(files: StaticIdentity, deps: FileIdentityDeps) {
    const id = parseSpiffeId(files.id)
    if (id === undefined) throw new Error(`identity.id: ${files.id} is no SPIFFE id`)
    this.spiffeId = files.id
    this.serverName = serverNameOf(id)
    this.#files = files
    this.#deps = deps
    this.#stamp = stampOf(files)
    this.#material = readMaterial(files)
    this.#timer = deps.clock.after(LOOK_EVERY_MS, this.#look)
    deps.signal.addEventListener('abort', () => this.#timer.cancel(), { once: true })
  }

  current(): TlsMaterial {
    return this.#material
  }

  onRotate(listener: (material: TlsMaterial) => void, signal: AbortSignal): void {
    this.#listeners.add(listener)
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true })
  }

  readonly #look = (): void => {
    const { clock, log } = this.#deps
    this.#timer = clock.after(LOOK_EVERY_MS, this.#look)
    try {
      const stamp = stampOf(this.#files)
      if (stamp === this.#stamp) return
      const material = readMaterial(this.#files)
      this.#stamp = stamp
      this.#material = material
      for (const listener of this.#listeners) listener(material)
      log.info('certificate rotated', { notAfter: new Date(material.notAfterMs).toISOString() })
    } catch (error) {
      // Between two writes the files may not fit together; the next look sees them whole.
      log.warn('certificate files cannot be used', { error })
    }
  }
}

function readMaterial(files: StaticIdentity): TlsMaterial {
  const certificateChainPem = readFileSync(files.certificateFile, 'utf8')
  const certificate = new X509Certificate(certificateChainPem)
  const privateKeyPem = readFileSync(files.keyFile, 'utf8')
  const trustBundlePem = readFileSync(files.trustBundleFile, 'utf8')
  new X509Certificate(trustBundlePem)
  return { certificateChainPem, privateKeyPem, trustBundlePem, notAfterMs: Date.parse(certificate.validTo) }
}

function stampOf(files: StaticIdentity): string {
  const paths = [files.certificateFile, files.keyFile, files.trustBundleFile]
  return paths.map((path) => statSync(path).mtimeMs).join(' ')
}
