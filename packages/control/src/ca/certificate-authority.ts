import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { messageOf } from '@heddle/base/message-of'
import { renewalTimeMs } from '@heddle/identity/rotation'
import { isTrustDomain } from '@heddle/identity/spiffe-id'
import type { Authority } from './authority-key.ts'
import type { AuthorityStore } from './authority-store.ts'
import { CaError } from './ca-error.ts'
import { issueLeaf, type LeafRequest, type Validity } from './issue-certificate.ts'
import { type KeptAuthority, openIssuer, openRoot, replaceIssuer, requireUnexpired } from './open-authority.ts'

export interface CertificateAuthorityOptions {
  readonly store: AuthorityStore
  readonly trustDomain: string
  readonly clock: Clock
  readonly log: Log
  /** Life of workload certificates in ms; 24 h unless given. */
  readonly leafLifeMs?: number
  /**
   * Whether the issuer is replaced here when it is time, or by another control plane on the same store; always unless given. One that
   * has expired is replaced by whoever needs it: without it nobody could start.
   */
  readonly mayRotate?: () => boolean
}

/** A certificate with all that its owner needs beside its key. */
export interface SignedCertificate extends Validity {
  /** Leaf, then issuer. */
  readonly chainPem: string
  /** The root(s) to trust. */
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
  /** What everybody of the mesh trusts, PEM. */
  readonly trustBundlePem: string
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

const DEFAULT_LEAF_LIFE_MS = 24 * 3_600_000
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
  const { store, trustDomain, clock, mayRotate = () => true } = options
  const leafLifeMs = options.leafLifeMs ?? DEFAULT_LEAF_LIFE_MS
  if (!isTrustDomain(trustDomain)) throw new CaError(`"${trustDomain}" cannot be a trust domain`)
  if (!(leafLifeMs >= SHORTEST_LEAF_LIFE_MS && leafLifeMs <= LONGEST_LEAF_LIFE_MS)) {
    throw new CaError(`certificates cannot live for ${leafLifeMs} ms: 5 s to 30 days`)
  }
  try {
    const place = { store, trustDomain, nowMs: clock.nowMs() }
    const root = await openRoot(place)
    const issuer = await openIssuer(place, root.authority)
    return new StoredAuthority({ ...options, leafLifeMs, mayRotate }, root, issuer)
  } catch (error) {
    if (error instanceof CaError) throw error
    const why = messageOf(error)
    throw new CaError(`${store.placeOf('root')}: ${why}`, { cause: error })
  }
}

class StoredAuthority implements CertificateAuthority {
  readonly #options: Required<CertificateAuthorityOptions>
  readonly #root: KeptAuthority
  #issuer: KeptAuthority
  #rotation: Promise<void> | undefined
  #rotateFromMs: number

  constructor(options: Required<CertificateAuthorityOptions>, root: KeptAuthority, issuer: KeptAuthority) {
    this.#options = options
    this.#root = root
    this.#issuer = issuer
    this.#rotateFromMs = this.#rotationTimeMs()
  }

  get trustDomain(): string {
    return this.#options.trustDomain
  }

  get trustBundlePem(): string {
    return this.#root.authority.certificatePem
  }

  health(): AuthorityHealth {
    return {
      rootNotAfterMs: this.#root.authority.notAfterMs,
      issuerNotAfterMs: this.#issuer.authority.notAfterMs,
    }
  }

  async sign(request: Omit<LeafRequest, keyof Validity>): Promise<SignedCertificate> {
    await this.rotateWhenDue()
    const issuer = this.#issuer.authority
    const leaf = await issueLeaf(issuer.signer, { ...request, ...this.#leafValidity(issuer) })
    const { notBeforeMs, notAfterMs, serial } = leaf
    const chainPem = leaf.pem + issuer.certificatePem
    return { chainPem, bundlePem: this.trustBundlePem, notBeforeMs, notAfterMs, serial }
  }

  async rotateWhenDue(): Promise<void> {
    const { clock, mayRotate } = this.#options
    const nowMs = clock.nowMs()
    if (nowMs < this.#rotateFromMs) return
    if (!mayRotate() && nowMs < this.#issuer.authority.notAfterMs) return
    // Callers that come meanwhile wait for the one rotation.
    this.#rotation ??= this.#rotate().finally(() => {
      this.#rotation = undefined
    })
    await this.#rotation
  }

  async reload(): Promise<void> {
    const place = this.#place()
    const { store } = place
    const root = (await store.read('root')) ?? (await store.create('root', this.#root.text))
    if (root !== this.#root.text) {
      throw new CaError(`${store.placeOf('root')}: another root than at the start; start all control planes anew`)
    }
    const text = (await store.read('issuer')) ?? (await store.create('issuer', this.#issuer.text))
    if (text === this.#issuer.text) return
    this.#useIssuer(await openIssuer(place, this.#root.authority))
  }

  #place() {
    const { store, trustDomain, clock } = this.#options
    return { store, trustDomain, nowMs: clock.nowMs() }
  }

  #useIssuer(issuer: KeptAuthority): void {
    this.#issuer = issuer
    this.#rotateFromMs = this.#rotationTimeMs()
    this.#options.log.info('issuer changed', { notAfterMs: issuer.authority.notAfterMs })
  }

  async #rotate(): Promise<void> {
    const { clock, log } = this.#options
    try {
      this.#useIssuer(await replaceIssuer(this.#place(), this.#root.authority, this.#issuer.text))
    } catch (error) {
      this.#rotateFromMs = clock.nowMs() + ROTATION_RETRY_MS
      log.error('issuer not rotated', { error, notAfterMs: this.#issuer.authority.notAfterMs })
    }
  }

  #leafValidity(issuer: Authority): Validity {
    const { clock, leafLifeMs } = this.#options
    const nowMs = Math.floor(clock.nowMs() / 1000) * 1000
    // TLS stacks allow no skew, so the past minute is in the certificate. Of a very short life (tests) it takes a tenth,
    // or the renewal at 70 % of the life would be due before the certificate is made.
    const backdateMs = Math.floor(Math.min(BACKDATE_MS, leafLifeMs / 10) / 1000) * 1000
    const notBeforeMs = Math.max(nowMs - backdateMs, issuer.notBeforeMs)
    const notAfterMs = Math.min(nowMs + leafLifeMs, issuer.notAfterMs)
    requireUnexpired(this.#place(), this.#root.authority)
    if (notAfterMs <= nowMs || notBeforeMs > nowMs) throw new CaError('the issuer of certificates is not valid now')
    return { notBeforeMs, notAfterMs }
  }

  /** Without jitter: there is one authority, and its issuers overlap by months. The next one would not outlive the root either. */
  #rotationTimeMs(): number {
    const { notBeforeMs, notAfterMs } = this.#issuer.authority
    if (notAfterMs >= this.#root.authority.notAfterMs) return Number.POSITIVE_INFINITY
    return renewalTimeMs(notBeforeMs, notAfterMs, () => 0)
  }
}
