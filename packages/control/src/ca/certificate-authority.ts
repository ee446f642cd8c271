import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { renewalTimeMs } from '@heddle/identity/rotation'
import { isTrustDomain } from '@heddle/identity/spiffe-id'
import { openIssuer, openRoot, replaceIssuer } from './authority-files.ts'
import type { Authority } from './authority-key.ts'
import { CaError } from './ca-error.ts'
import { issueLeaf, type LeafRequest, type Validity } from './issue-certificate.ts'

export interface CertificateAuthorityOptions {
  /** Made with mode 0700 when it is not there; nobody else may be able to read it. */
  readonly dir: string
  readonly trustDomain: string
  readonly clock: Clock
  readonly log: Log
  /** Life of workload certificates in ms; 24 h unless given. */
  readonly leafLifeMs?: number
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
}

const DEFAULT_LEAF_LIFE_MS = 24 * 3_600_000
const SHORTEST_LEAF_LIFE_MS = 5000
const LONGEST_LEAF_LIFE_MS = 30 * 24 * 3_600_000
const BACKDATE_MS = 60_000
const ROTATION_RETRY_MS = 60_000

/**
 * Opens the authority of `dir`, which is made at the first start: root of 10 years, issuer of one year.
 *
 * A file holds one certificate and its key, so that both change together. The issuer is replaced by the same root
 * at 70 % of its life, when the next certificate is asked for.
 *
 * @throws {CaError} saying what to repair: open to other users, damaged, of another trust domain, expired
 */
export async function openCertificateAuthority(options: CertificateAuthorityOptions): Promise<CertificateAuthority> {
  const { dir, trustDomain, clock } = options
  const leafLifeMs = options.leafLifeMs ?? DEFAULT_LEAF_LIFE_MS
  if (!isTrustDomain(trustDomain)) throw new CaError(`"${trustDomain}" cannot be a trust domain`)
  if (!(leafLifeMs >= SHORTEST_LEAF_LIFE_MS && leafLifeMs <= LONGEST_LEAF_LIFE_MS)) {
    throw new CaError(`certificates cannot live for ${leafLifeMs} ms: 5 s to 30 days`)
  }
  try {
    const place = { dir, trustDomain, nowMs: clock.nowMs() }
    const root = await openRoot(place)
    const issuer = await openIssuer(place, root)
    return new DirectoryAuthority({ ...options, leafLifeMs }, root, issuer)
  } catch (error) {
    if (error instanceof CaError) throw error
    throw new CaError(`${dir}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

class DirectoryAuthority implements CertificateAuthority {
  readonly #options: Required<CertificateAuthorityOptions>
  readonly #root: Authority
  #issuer: Authority
  #rotation: Promise<void> | undefined
  #rotateFromMs: number

  constructor(options: Required<CertificateAuthorityOptions>, root: Authority, issuer: Authority) {
    this.#options = options
    this.#root = root
    this.#issuer = issuer
    this.#rotateFromMs = rotationTimeMs(issuer)
  }

  get trustDomain(): string {
    return this.#options.trustDomain
  }

  get trustBundlePem(): string {
    return this.#root.certificatePem
  }

  health(): AuthorityHealth {
    return { rootNotAfterMs: this.#root.notAfterMs, issuerNotAfterMs: this.#issuer.notAfterMs }
  }

  async sign(request: Omit<LeafRequest, keyof Validity>): Promise<SignedCertificate> {
    await this.#rotateWhenDue()
    const issuer = this.#issuer
    const leaf = await issueLeaf(issuer.signer, { ...request, ...this.#leafValidity(issuer) })
    const { notBeforeMs, notAfterMs, serial } = leaf
    const chainPem = leaf.pem + issuer.certificatePem
    return { chainPem, bundlePem: this.trustBundlePem, notBeforeMs, notAfterMs, serial }
  }

  #leafValidity(issuer: Authority): Validity {
    const { clock, leafLifeMs } = this.#options
    const nowMs = Math.floor(clock.nowMs() / 1000) * 1000
    // TLS stacks allow no skew, so the past minute is in the certificate. Of a very short life (tests) it takes a tenth,
    // or the renewal at 70 % of the life would be due before the certificate is made.
    const backdateMs = Math.floor(Math.min(BACKDATE_MS, leafLifeMs / 10) / 1000) * 1000
    const notBeforeMs = Math.max(nowMs - backdateMs, issuer.notBeforeMs)
    const notAfterMs = Math.min(nowMs + leafLifeMs, issuer.notAfterMs)
    if (notAfterMs <= nowMs || notBeforeMs > nowMs) throw new CaError('the issuer of certificates is not valid now')
    return { notBeforeMs, notAfterMs }
  }

  /** Callers that come meanwhile wait for the one rotation. */
  async #rotateWhenDue(): Promise<void> {
    if (this.#options.clock.nowMs() < this.#rotateFromMs) return
    this.#rotation ??= this.#rotate().finally(() => {
      this.#rotation = undefined
    })
    await this.#rotation
  }

  async #rotate(): Promise<void> {
    const { dir, trustDomain, clock, log } = this.#options
    const nowMs = clock.nowMs()
    try {
      this.#issuer = await replaceIssuer({ dir, trustDomain, nowMs }, this.#root)
      this.#rotateFromMs = rotationTimeMs(this.#issuer)
      log.info('issuer rotated', { notAfterMs: this.#issuer.notAfterMs })
    } catch (error) {
      this.#rotateFromMs = nowMs + ROTATION_RETRY_MS
      log.error('issuer not rotated', { error, notAfterMs: this.#issuer.notAfterMs })
    }
  }
}

/** Without jitter: there is one authority, and its issuers overlap by months. */
function rotationTimeMs(issuer: Authority): number {
  return renewalTimeMs(issuer.notBeforeMs, issuer.notAfterMs, () => 0)
}
