import type { Clock } from '@heddle/base/clock'
import { messageOf } from '@heddle/base/message-of'
import type { Runtime } from '../site/site.ts'

/** What lets a proxy join. */
export interface JoinGrant {
  readonly token: string
  /** What it must trust. */
  readonly trustBundlePem: string
}

export interface JoinTokenOptions {
  /** Name of the secret among those of all proxies. */
  readonly name: string
  readonly runtime: Pick<Runtime, 'writeSecret' | 'removeSecret' | 'writeTrustBundle'>
  readonly clock: Clock
  mintToken(): Promise<JoinGrant>
  report(line: string): void
}

/** A proxy looks for a new token at least twice within this time; after that it has used it, or asks again. */
const SEEN_MS = 60_000

/**
 * The join token of one proxy, in a file that the proxy reads whenever it has no valid certificate: at its start, and after
 * its certificate has expired because the control plane was away for too long.
 */
export class JoinToken {
  readonly #options: JoinTokenOptions
  /** Ends the wait of a renewal. */
  #removal = new AbortController()
  #renewal: Promise<void> | undefined
  /** Whether the token of a renewal lies there to be used. */
  #isThere = false
  /** Since the proxy last got one: it asks again and again, and people need each thing once. */
  readonly #reported = new Set<string>()

  constructor(options: JoinTokenOptions) {
    this.#options = options
  }

  /** Writes a fresh one, for a proxy that is about to start. @returns the path of the file */
  async write(): Promise<string> {
    await this.remove()
    this.#reported.clear()
    return this.#write()
  }

  /** Takes it away: it was used, or is of no use any more. */
  async remove(): Promise<void> {
    this.#removal.abort()
    await this.#renewal
    await this.#options.runtime.removeSecret(this.#options.name)
  }

  /** Puts a new one there for a moment. Who asks while one lies there has used that, and soon needs another: the root was replaced twice. */
  renew(reason: string): void {
    if (this.#renewal !== undefined) {
      if (this.#isThere) this.#again(reason)
      return
    }
    this.#reportOnce(`its certificate has expired, and a new one needs a join token (${reason})`)
    this.#renewal = this.#renew().finally(() => {
      this.#renewal = undefined
    })
  }

  #again(reason: string): void {
    this.#isThere = false
    const removal = new AbortController()
    this.#removal.abort()
    this.#removal = removal
    void this.#renewal?.then(() => {
      if (!removal.signal.aborted) this.renew(reason)
    })
  }

  #reportOnce(line: string): void {
    if (!this.#reported.has(line)) this.#options.report(line)
    this.#reported.add(line)
  }

  async #renew(): Promise<void> {
    this.#removal = new AbortController()
    const { signal } = this.#removal
    try {
      await this.#write()
    } catch (error) {
      // The control plane may be away still. The proxy asks again at its next try.
      return this.#reportOnce(`no join token for it yet: ${messageOf(error)}`)
    }
    this.#reported.clear()
    this.#options.report('it has a new join token, by which it gets a certificate')
    this.#isThere = true
    await this.#options.clock.sleep(SEEN_MS, signal)
    this.#isThere = false
    await this.#options.runtime.removeSecret(this.#options.name).catch(() => {})
  }

  async #write(): Promise<string> {
    const { runtime, name, mintToken } = this.#options
    const { token, trustBundlePem } = await mintToken()
    // The root may be another than when the last proxy was started.
    await runtime.writeTrustBundle(trustBundlePem)
    return runtime.writeSecret(name, token)
  }
}
