import { createHash } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Log } from '@heddle/base/log'
import { messageOf } from '@heddle/base/message-of'
import { readPemCertificates } from '@heddle/identity/certificate'

export interface BundleCacheOptions {
  /** `undefined`: nothing outlives the process. */
  readonly file: string | undefined
  /** What to trust, as whoever started the proxy said. */
  readonly givenPem: string
  readonly log: Log
}

/** What is in the file; nothing of it is secret. */
interface Cached {
  /** SHA-256 of the bundle that was given when it was written. */
  readonly given: string
  readonly trustBundle: string
}

/**
 * Keeps the bundle that the control plane told last where the proxy finds it when it is started again: what it is given at each start may be
 * from before the root was replaced.
 *
 * Only one of both counts, never their union: a root that was retired stays so. What was told last is the newer one as long as the same is
 * given as then; if another is, somebody has changed it since, and means it.
 */
export class BundleCache {
  readonly #options: BundleCacheOptions
  #kept: string | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(options: BundleCacheOptions) {
    this.#options = options
  }

  /** What to trust at the start. Never rejects: what is damaged is as good as not there. */
  async read(): Promise<string> {
    const { file, givenPem, log } = this.#options
    const cached = file === undefined ? undefined : await readCached(file)
    if (cached === undefined || cached.given !== digest(givenPem)) return givenPem
    this.#kept = cached.trustBundle
    if (cached.trustBundle !== givenPem) log.info('trust bundle of an earlier run')
    return cached.trustBundle
  }

  /** Writes down what the control plane has told; resolves when it is written, or could not be. */
  keep(trustBundle: string): Promise<void> {
    const { file, givenPem, log } = this.#options
    if (file === undefined || trustBundle === this.#kept) return this.#writing
    this.#kept = trustBundle
    const text = JSON.stringify({ given: digest(givenPem), trustBundle } satisfies Cached)
    this.#writing = this.#writing
      .then(() => replaceFile(file, text))
      .catch((error: unknown) => {
        log.warn('trust bundle not kept', { file, error: messageOf(error) })
        // So it is tried again when the same is told again.
        if (this.#kept === trustBundle) this.#kept = undefined
      })
    return this.#writing
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  const unfinished = `${file}.new`
  await writeFile(unfinished, text)
  await rename(unfinished, file)
}

async function readCached(file: string): Promise<Cached | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'))
    const { given, trustBundle } = Object(value) as Partial<Record<keyof Cached, unknown>>
    if (typeof given !== 'string' || typeof trustBundle !== 'string') return undefined
    readPemCertificates(trustBundle)
    return { given, trustBundle }
  } catch {
    return undefined
  }
}

function digest(pem: string): string {
  return createHash('sha256').update(pem).digest('hex')
}
