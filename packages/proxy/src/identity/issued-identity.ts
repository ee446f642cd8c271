import type { SignResponseJson } from '@heddle/api/identity'
import { Backoff } from '@heddle/base/backoff'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { messageOf } from '@heddle/base/message-of'
import { createCsr } from '@heddle/identity/csr'
import { createWorkloadKey, type WorkloadKey } from '@heddle/identity/key-pair'
import { rotationSchedule } from '@heddle/identity/rotation'
import { parseSpiffeId, serverNameOf } from '@heddle/identity/spiffe-id'
import { isTrustedChain, verifyIssued } from '@heddle/identity/verify-chain'
import { CLOCK_SKEW_MS } from '@heddle/identity/verify-peer'
import type { Registry } from '@heddle/telemetry/registry'
import type { ControlCredentials } from '../control/control-connection.ts'
import type { OnBug } from '../process/bug-log.ts'
import type { TlsMaterial, WorkloadIdentity } from '../workload.ts'
import { isTokenAtFault } from './join-token.ts'
import type { SignProof } from './sign-proof.ts'

/** What an identity needs from outside. */
export interface IssuedIdentityDeps {
  readonly spiffeId: string
  /** What to trust until the control plane says better. */
  readonly trustBundlePem: string
  /** Read for each request; with a valid certificate that may be proof enough. */
  readonly readProof: (has: { readonly hasCertificate: boolean }) => Promise<SignProof>
  /** Asks the control plane; an empty proof: the connection's certificate is the proof. */
  readonly sign: (csr: Uint8Array, proof: SignProof) => Promise<SignResponseJson>
  /** Hears of each bundle that the control plane tells, also of the same again. */
  readonly onTrust: (trustBundlePem: string) => void
  /** Hears why, whenever nothing but another join token can help; it is read at the next try. */
  readonly onTokenWanted: (reason: string) => void
  readonly clock: Clock
  readonly log: Log
  readonly registry: Registry
  readonly onBug: OnBug
  /** 0 to below 1; `Math.random` unless stated. */
  readonly random?: () => number
}

/** The certificate in use. */
export interface IssuedCertificate extends TlsMaterial {
  readonly serial: string
  readonly notBeforeMs: number
}

/** The wall clock is looked at this often, since it may jump (a laptop that slept) and timers don't notice. */
const LOOK_MS = 60_000
const RETRY = { firstMs: 200, lastMs: 30_000, jitter: 0.5 }

/**
 * The identity of a workload, certified by the control plane and renewed at 70 % of each certificate's life. Every
 * certificate has a new key, made in this process and never written anywhere.
 */
export class IssuedIdentity implements WorkloadIdentity {
  readonly spiffeId: string
  readonly serverName: string
  readonly #deps: IssuedIdentityDeps
  readonly #trustDomain: string
  readonly #listeners = new Set<(material: TlsMaterial) => void>()
  readonly #counters: IdentityCounters
  #current: IssuedCertificate | undefined
  /** The key that waits for its certificate. A token whose answer got lost is good again, but for the same key only. */
  #pendingKey: WorkloadKey | undefined
  #credentials: ControlCredentials
  /** Whether the bundle stands for the certificate in use: not once its root was retired. */
  #isTrusted = false
  /** Ends the wait for the next renewal. */
  #hurry = new AbortController()

  /** @throws {RangeError} when `spiffeId` is none */
  constructor(deps: IssuedIdentityDeps) {
    const id = parseSpiffeId(deps.spiffeId)
    if (id === undefined) throw new RangeError(`${JSON.stringify(deps.spiffeId)} is no SPIFFE id`)
    this.spiffeId = deps.spiffeId
    this.serverName = serverNameOf(id)
    this.#trustDomain = id.trustDomain
    this.#deps = deps
    this.#credentials = { trustBundlePem: deps.trustBundlePem }
    this.#counters = createCounters(deps.registry, () => this.#current)
  }

  current(): IssuedCertificate | undefined {
    return this.#current
  }

  /** What to show to the control plane and what to expect of it; the same object until something changes. */
  credentials(): ControlCredentials {
    const isRefused = this.#current !== undefined && !this.#isValid
    // A certificate that ran out, or is of a root that was retired, would only be refused; without one a token may help.
    if (isRefused && this.#credentials.certificateChainPem !== undefined) {
      this.#credentials = { trustBundlePem: this.#credentials.trustBundlePem }
    }
    return this.#credentials
  }

  onRotate(listener: (material: TlsMaterial) => void, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#listeners.add(listener)
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true })
  }

  /**
   * Takes over a new bundle of what to trust; certificate and key stay. A certificate that it does not stand for is nothing to others any
   * more, and is replaced at once.
   */
  trust(trustBundlePem: string): void {
    this.#deps.onTrust(trustBundlePem)
    if (trustBundlePem === this.#credentials.trustBundlePem) return
    this.#deps.log.info('trust bundle changed')
    if (this.#current === undefined) this.#credentials = { trustBundlePem }
    else this.#use({ ...this.#current, trustBundlePem })
    if (this.#current !== undefined && !this.#isTrusted) this.#hurry.abort()
  }

  /** Gets the first certificate and renews it, for ever: until `signal` is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random = Math.random } = this.#deps
    const backoff = new Backoff(RETRY, random)
    while (!signal.aborted) {
      try {
        const issued = await this.#renew(backoff)
        if (issued !== undefined) {
          backoff.reset()
          await this.#sleepUntilDue(issued, signal)
          continue
        }
      } catch (error) {
        this.#deps.onBug('certificate', error)
      }
      await clock.sleep(backoff.nextMs(), signal)
    }
  }

  async #sleepUntilDue(issued: IssuedCertificate, signal: AbortSignal): Promise<void> {
    const { clock, log, random = Math.random } = this.#deps
    const { renewAtMs } = rotationSchedule(issued, random)
    log.info('certificate issued', {
      identity: this.spiffeId,
      serial: issued.serial,
      notAfter: new Date(issued.notAfterMs).toISOString(),
      renewAt: new Date(renewAtMs).toISOString(),
    })
    // What was told while the certificate was on its way counts, too.
    if (!this.#isTrusted) return
    this.#hurry = new AbortController()
    await sleepUntilDue({ ...issued, renewAtMs }, clock, AbortSignal.any([signal, this.#hurry.signal]))
  }

  get #isValid(): boolean {
    const nowMs = this.#deps.clock.nowMs()
    const current = this.#current
    return current !== undefined && this.#isTrusted && nowMs <= current.notAfterMs && hasBegun(current, nowMs)
  }

  async #renew(backoff: Backoff): Promise<IssuedCertificate | undefined> {
    try {
      const issued = await this.#obtain()
      const isTaken = this.#use(issued)
      this.#deps.onTrust(issued.trustBundlePem)
      this.#counters.issued.add()
      // Somebody has the one before it, or none: the next one may be taken by all.
      return isTaken ? issued : undefined
    } catch (error) {
      this.#counters.failed.add()
      this.#logFailure(error, backoff.failures + 1)
      if (!this.#isValid && isTokenAtFault(error)) this.#deps.onTokenWanted(messageOf(error))
      return undefined
    }
  }

  async #obtain(): Promise<IssuedCertificate> {
    const { clock, sign } = this.#deps
    this.#pendingKey ??= await createWorkloadKey()
    const { privateKey, privateKeyPem } = this.#pendingKey
    const proof = await this.#deps.readProof({ hasCertificate: this.#isValid })
    const answer = await sign(createCsr(privateKey, this.spiffeId), proof)
    const { certificateChainPem = '', trustBundlePem = '' } = answer
    const expected = { spiffeId: this.spiffeId, trustDomain: this.#trustDomain, privateKey, nowMs: clock.nowMs() }
    const verdict = verifyIssued({ certificateChainPem, trustBundlePem }, expected)
    if (verdict.kind === 'bad') throw new Error(`the certificate that was issued is not good: ${verdict.problem}`)
    this.#pendingKey = undefined
    const { serial, notBeforeMs, notAfterMs } = verdict
    return { certificateChainPem, privateKeyPem, trustBundlePem, serial, notBeforeMs, notAfterMs }
  }

  /** @returns whether all who use it have taken it over */
  #use(issued: IssuedCertificate): boolean {
    this.#current = issued
    this.#isTrusted = isTrustedChain(issued, this.#deps.clock.nowMs())
    const { certificateChainPem, privateKeyPem, trustBundlePem } = issued
    this.#credentials = { certificateChainPem, privateKeyPem, trustBundlePem }
    let isTaken = true
    for (const listener of this.#listeners) isTaken = this.#tell(listener, issued) && isTaken
    return isTaken
  }

  #tell(listener: (material: TlsMaterial) => void, issued: IssuedCertificate): boolean {
    try {
      listener(issued)
      return true
    } catch (error) {
      this.#deps.onBug('certificate', error)
      return false
    }
  }

  #logFailure(error: unknown, failures: number): void {
    const fields = { identity: this.spiffeId, error: messageOf(error), failures }
    const current = this.#current
    if (current === undefined) {
      this.#deps.log.warn('no certificate yet', fields)
      return
    }
    const nowMs = this.#deps.clock.nowMs()
    const expiresInSeconds = Math.round((current.notAfterMs - nowMs) / 1000)
    this.#deps.log[urgencyOf(current, nowMs)]('certificate not renewed', { ...fields, expiresInSeconds })
  }
}

/** There is much time at first: only what comes near the end is anybody's business. */
function urgencyOf(current: IssuedCertificate, nowMs: number): 'info' | 'warn' | 'error' {
  if (nowMs > current.notAfterMs) return 'error'
  return nowMs >= rotationSchedule(current, () => 0).warnFromMs ? 'warn' : 'info'
}

/** A clock that was set back may leave a certificate that begins hours from now, which nobody takes until then. */
function hasBegun({ notBeforeMs }: Pick<IssuedCertificate, 'notBeforeMs'>, nowMs: number): boolean {
  return nowMs >= notBeforeMs - CLOCK_SKEW_MS
}

interface Renewal extends Pick<IssuedCertificate, 'notBeforeMs'> {
  readonly renewAtMs: number
}

async function sleepUntilDue(renewal: Renewal, clock: Clock, signal: AbortSignal): Promise<void> {
  const leftMs = () => (hasBegun(renewal, clock.nowMs()) ? renewal.renewAtMs - clock.nowMs() : 0)
  while (!signal.aborted && leftMs() > 0) await clock.sleep(Math.min(LOOK_MS, leftMs()), signal)
}

interface IdentityCounters {
  readonly issued: { add(): void }
  readonly failed: { add(): void }
}

function createCounters(registry: Registry, current: () => IssuedCertificate | undefined): IdentityCounters {
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000)
  registry.gauge('heddle_certificate_expiration_timestamp_seconds', 'When the certificate in use runs out', () =>
    seconds(current()?.notAfterMs),
  )
  registry.gauge('heddle_certificate_issued_timestamp_seconds', 'From when on the certificate in use is valid', () =>
    seconds(current()?.notBeforeMs),
  )
  return {
    issued: registry.counter('heddle_certificates_issued_total', 'Certificates got from the control plane'),
    failed: registry.counter('heddle_certificate_failures_total', 'Times that no certificate was to be had'),
  }
}
