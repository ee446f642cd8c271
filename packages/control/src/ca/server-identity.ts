import { createPublicKey } from 'node:crypto'
import { isIP } from 'node:net'
import { Backoff } from '@heddle/base/backoff'
import type { Clock, Timer } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import { renewalTimeMs } from '@heddle/identity/rotation'
import { formatSpiffeId } from '@heddle/identity/spiffe-id'
import { isTrustedChain } from '@heddle/identity/verify-chain'
import type { CertificateAuthority } from './certificate-authority.ts'
import { controlAccount } from './control-account.ts'

/** What a TLS server needs; the key is in memory only. */
export interface ServerTls {
  readonly certificateChainPem: string
  readonly privateKeyPem: string
  readonly trustBundlePem: string
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

export interface ServerIdentityOptions {
  readonly ca: CertificateAuthority
  readonly clock: Clock
  readonly log: Log
  /** Where clients reach the control plane beside localhost: DNS names and IP literals. */
  readonly addresses: readonly string[]
  /** Of the control plane; `heddle` unless given. */
  readonly namespace?: string
  /** Ends the renewals. */
  readonly signal: AbortSignal
}

/** The control plane's own certificate, renewed in time. */
export interface ServerIdentity {
  readonly spiffeId: string
  current(): ServerTls
  /** Calls `listener` at each renewal, and at each change of what is trusted, for `server.setSecureContext`, until `signal` is aborted. */
  onRotate(listener: (tls: ServerTls) => void, signal: AbortSignal): void
}

const LOCAL = ['localhost', '127.0.0.1', '::1']
/** Timers stand still while a machine sleeps; so the wall clock is asked at least this often. */
const LOOK_EVERY_MS = 60_000
const RETRY = { firstMs: 1000, lastMs: 60_000, jitter: 0.5 }

/**
 * Makes the control plane's certificate and keeps it fresh: a new key and certificate at 70 % of the life, tried again
 * with backoff where that fails.
 *
 * @throws {CaError} when the authority cannot sign the first one
 */
export async function openServerIdentity(options: ServerIdentityOptions): Promise<ServerIdentity> {
  const { ca, namespace } = options
  const spiffeId = formatSpiffeId({ trustDomain: ca.trustDomain, ...controlAccount(namespace) })
  const issue = () => issueServerTls(options, spiffeId)
  return new RenewingIdentity(options, spiffeId, { issue, first: await issue() })
}

interface Issuing {
  readonly issue: () => Promise<ServerTls>
  readonly first: ServerTls
}

class RenewingIdentity implements ServerIdentity {
  readonly spiffeId: string
  readonly #options: ServerIdentityOptions
  readonly #issue: () => Promise<ServerTls>
  readonly #listeners = new Set<(tls: ServerTls) => void>()
  readonly #backoff = new Backoff(RETRY)
  #current: ServerTls
  #renewAtMs: number
  #timer: Timer | undefined
  #isIssuing = false

  constructor(options: ServerIdentityOptions, spiffeId: string, issuing: Issuing) {
    this.spiffeId = spiffeId
    this.#options = options
    this.#issue = issuing.issue
    this.#current = issuing.first
    this.#renewAtMs = renewAtMs(issuing.first)
    options.signal.addEventListener('abort', () => this.#timer?.cancel(), { once: true })
    options.ca.onTrustChange(() => this.#trustChanged(), options.signal)
    this.#wait()
  }

  current(): ServerTls {
    return this.#current
  }

  onRotate(listener: (tls: ServerTls) => void, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#listeners.add(listener)
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true })
  }

  #wait(): void {
    const { clock, signal } = this.#options
    if (signal.aborted) return
    const untilMs = Math.max(0, this.#renewAtMs - clock.nowMs())
    this.#timer = clock.after(Math.min(untilMs, LOOK_EVERY_MS), () => void this.#look())
  }

  /** Whoever connects from now on is judged by the new bundle. A certificate that it does not stand for is replaced at once. */
  #trustChanged(): void {
    this.#use(this.#current)
    if (isTrustedChain(this.#current, this.#options.clock.nowMs())) return
    this.#renewAtMs = 0
    if (this.#isIssuing) return
    this.#timer?.cancel()
    void this.#look()
  }

  #use(tls: ServerTls): void {
    this.#current = { ...tls, trustBundlePem: this.#options.ca.trustBundlePem }
    for (const listener of this.#listeners) listener(this.#current)
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#options
    const nowMs = clock.nowMs()
    // A clock that was set back may leave a certificate that begins hours from now, which nobody takes until then.
    if (nowMs < this.#renewAtMs && nowMs >= this.#current.notBeforeMs) return this.#wait()
    this.#isIssuing = true
    try {
      const issued = await this.#issue()
      this.#use(issued)
      // Its root may have been retired meanwhile.
      if (!isTrustedChain(this.#current, clock.nowMs()))
        throw new Error('it is signed under a root that is not trusted')
      this.#renewAtMs = renewAtMs(issued)
      this.#backoff.reset()
      log.info('certificate of the control plane renewed', { notAfterMs: this.#current.notAfterMs })
    } catch (error) {
      this.#renewAtMs = clock.nowMs() + this.#backoff.nextMs()
      log.error('certificate of the control plane not renewed', { error, notAfterMs: this.#current.notAfterMs })
    }
    this.#isIssuing = false
    this.#wait()
  }
}

async function issueServerTls({ ca, addresses }: ServerIdentityOptions, spiffeId: string): Promise<ServerTls> {
  const names = [...new Set([...LOCAL, ...addresses])]
  const { privateKey, privateKeyPem } = await createWorkloadKey()
  const signed = await ca.sign({
    publicKeyDer: createPublicKey(privateKey).export({ format: 'der', type: 'spki' }),
    spiffeId,
    dnsNames: names.filter((name) => isIP(name) === 0),
    ipAddresses: names.filter((name) => isIP(name) !== 0),
  })
  const { chainPem, bundlePem, notBeforeMs, notAfterMs } = signed
  return { certificateChainPem: chainPem, trustBundlePem: bundlePem, privateKeyPem, notBeforeMs, notAfterMs }
}

function renewAtMs({ notBeforeMs, notAfterMs }: ServerTls): number {
  return renewalTimeMs(notBeforeMs, notAfterMs, Math.random)
}
