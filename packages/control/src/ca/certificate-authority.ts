import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { messageOf } from '@heddle/base/message-of'
import { renewalTimeMs } from '@heddle/identity/rotation'
import { isTrustDomain } from '@heddle/identity/spiffe-id'
import type { Authority } from './authority-key.ts'
import type { AuthorityState } from './authority-state.ts'
import type { AuthorityStore } from './authority-store.ts'
import { CaError } from './ca-error.ts'
import { issueLeaf, type LeafRequest, type Validity } from './issue-certificate.ts'
import { type KeptAuthority, type MakeChange, openKeptAuthority } from './kept-authority.ts'
import { makeIssuer } from './make-authority.ts'
import { requireUnexpired } from './open-authority.ts'
import { RootChanges } from './root-changes.ts'
import { DEFAULT_LEAF_LIFE_MS } from './root-record.ts'

export interface CertificateAuthorityOptions {
  readonly store: AuthorityStore
  readonly trustDomain: string
  readonly clock: Clock
  readonly log: Log
  /** Life of workload certificates in ms; 24 h unless given. */
  readonly leafLifeMs?: number
  /**
   * Whether issuer and root are replaced here when it is time, or by another control plane on the same store; always unless given. An issuer
   * that has expired is replaced by whoever needs it: without it nobody could start.
   */
  readonly mayRotate?: () => boolean
}

/** A certificate with all that its owner needs beside its key. */
export interface SignedCertificate extends Validity {
  /** Leaf, then issuer. */
  readonly chainPem: string
  /** The roots to trust. */
  readonly bundlePem: string
  readonly serial: string
}

/** Ends of the present root and issuer, in ms since the Unix epoch. */
export interface AuthorityHealth {
  readonly rootNotAfterMs: number
  readonly issuerNotAfterMs: number
}

/** Signs certificates for the workloads of one trust domain. */
export interface CertificateAuthority {
  readonly trustDomain: string
  /** What everybody of the mesh trusts, PEM: one root, or two while it is changed. */
  readonly trustBundlePem: string
  /** The root, and how it is changed. */
  readonly roots: RootChanges
  /** Is aborted when anything of the authority changes; another one from then on. */
  readonly changed: AbortSignal
  /** Calls `listener` after each change of {@link trustBundlePem}, until `signal` is aborted. */
  onTrustChange(listener: () => void, signal: AbortSignal): void
  health(): AuthorityHealth
  /**
   * Signs for a public key whose owner was found to be `request.spiffeId`; see {@link checkCsr} and IdentityService.
   *
   * @throws {CaError} when the authority itself is not valid now
   */
  sign(request: Omit<LeafRequest, keyof Validity>): Promise<SignedCertificate>
  /** Replaces the issuer if it is time and this one may. Never rejects: the next call tries again. */
  rotateWhenDue(): Promise<void>
  /**
   * Takes over what other control planes put into the store, and puts back what was removed from it.
   *
   * @throws {CaError} when what is there cannot be used; what was in force stays so
   */
  reload(): Promise<void>
}

const SHORTEST_LEAF_LIFE_MS = 5000
const LONGEST_LEAF_LIFE_MS = 30 * 24 * 3_600_000
const BACKDATE_MS = 60_000
const ROTATION_RETRY_MS = 60_000

/**
 * Opens the authority of a store, which is made at the first start: root of 10 years, issuer of one year.
 *
 * A certificate and its key are one text, so that both change together. The issuer is replaced by the same root
 * at 70 % of its life, when the next certificate is asked for.
 *
 * @throws {CaError} saying what to repair: open to other users, damaged, of another trust domain, expired
 */
export async function openCertificateAuthority(options: CertificateAuthorityOptions): Promise<CertificateAuthority> {
  const { store, trustDomain, mayRotate = () => true } = options
  const leafLifeMs = options.leafLifeMs ?? DEFAULT_LEAF_LIFE_MS
  if (!isTrustDomain(trustDomain)) throw new CaError(`"${trustDomain}" cannot be a trust domain`)
  if (!(leafLifeMs >= SHORTEST_LEAF_LIFE_MS && leafLifeMs <= LONGEST_LEAF_LIFE_MS)) {
    throw new CaError(`certificates cannot live for ${leafLifeMs} ms: 5 s to 30 days`)
  }
  const all = { ...options, leafLifeMs, mayRotate }
  try {
    return new StoredAuthority(all, await openKeptAuthority(all))
  } catch (error) {
    if (error instanceof CaError) throw error
    const why = messageOf(error)
    throw new CaError(`${store.placeOf('root')}: ${why}`, { cause: error })
  }
}

class StoredAuthority implements CertificateAuthority {
  readonly roots: RootChanges
  readonly #options: Required<CertificateAuthorityOptions>
  readonly #kept: KeptAuthority
  #rotation: Promise<void> | undefined
  /** After one that failed. */
  #notBeforeMs = 0

  constructor(options: Required<CertificateAuthorityOptions>, kept: KeptAuthority) {
    this.#options = options
    this.#kept = kept
    this.roots = new RootChanges({ ...options, kept })
  }

  get trustDomain(): string {
    return this.#options.trustDomain
  }

  get trustBundlePem(): string {
    return this.#kept.bundlePem
  }

  get changed(): AbortSignal {
    return this.#kept.changed
  }

  onTrustChange(listener: () => void, signal: AbortSignal): void {
    this.#kept.onTrustChange(listener, signal)
  }

  health(): AuthorityHealth {
    const { root, issuer } = this.#kept.state
    return { rootNotAfterMs: root.notAfterMs, issuerNotAfterMs: issuer.notAfterMs }
  }

  async sign(request: Omit<LeafRequest, keyof Validity>): Promise<SignedCertificate> {
    await this.rotateWhenDue()
    const { issuer } = this.#kept.state
    const leaf = await issueLeaf(issuer.signer, { ...request, ...this.#leafValidity(issuer) })
    const { notBeforeMs, notAfterMs, serial } = leaf
    const chainPem = leaf.pem + issuer.certificatePem
    return { chainPem, bundlePem: this.trustBundlePem, notBeforeMs, notAfterMs, serial }
  }

  async rotateWhenDue(): Promise<void> {
    const { clock, mayRotate } = this.#options
    const { state } = this.#kept
    const nowMs = clock.nowMs()
    if (nowMs < Math.max(this.#notBeforeMs, rotationTimeMs(state))) return
    if (!mayRotate() && nowMs < state.issuer.notAfterMs) return
    // Callers that come meanwhile wait for the one rotation.
    this.#rotation ??= this.#rotate().finally(() => {
      this.#rotation = undefined
    })
    await this.#rotation
  }

  async reload(): Promise<void> {
    await this.#kept.reload()
  }

  /** Its leaves stay good. Where another was quicker, that one's issuer is taken over. */
  async #rotate(): Promise<void> {
    const { clock, log } = this.#options
    const make: MakeChange = async ({ root }, place) => ({ issuer: await makeIssuer(place, root) })
    try {
      const isMade = await this.#kept.change(make)
      const isStillDue = !isMade && clock.nowMs() >= rotationTimeMs(this.#kept.state)
      if (isStillDue) await this.#kept.change(make)
    } catch (error) {
      this.#notBeforeMs = clock.nowMs() + ROTATION_RETRY_MS
      log.error('issuer not rotated', { error, notAfterMs: this.#kept.state.issuer.notAfterMs })
    }
  }

  #leafValidity(issuer: Authority): Validity {
    const { clock, leafLifeMs, store, trustDomain } = this.#options
    const nowMs = Math.floor(clock.nowMs() / 1000) * 1000
    // TLS stacks allow no skew, so the past minute is in the certificate. Of a very short life (tests) it takes a tenth,
    // or the renewal at 70 % of the life would be due before the certificate is made.
    const backdateMs = Math.floor(Math.min(BACKDATE_MS, leafLifeMs / 10) / 1000) * 1000
    const notBeforeMs = Math.max(nowMs - backdateMs, issuer.notBeforeMs)
    const notAfterMs = Math.min(nowMs + leafLifeMs, issuer.notAfterMs)
    requireUnexpired({ store, trustDomain, nowMs: clock.nowMs() }, this.#kept.state.root)
    if (notAfterMs <= nowMs || notBeforeMs > nowMs) throw new CaError('the issuer of certificates is not valid now')
    return { notBeforeMs, notAfterMs }
  }
}

/** Without jitter: there is one authority, and its issuers overlap by months. The next one would not outlive the root either. */
function rotationTimeMs({ root, issuer }: AuthorityState): number {
  if (issuer.notAfterMs >= root.notAfterMs) return Number.POSITIVE_INFINITY
  return renewalTimeMs(issuer.notBeforeMs, issuer.notAfterMs, () => 0)
}
