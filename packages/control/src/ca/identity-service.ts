import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { LogLimit } from '@heddle/base/log-limit'
import { parseSpiffeId } from '@heddle/identity/spiffe-id'
import { CaError } from './ca-error.ts'
import type { CertificateAuthority } from './certificate-authority.ts'
import { type CsrRefusal, checkCsr } from './check-csr.ts'
import type { JoinTokens, TokenRefusal } from './join-tokens.ts'
import { SignLimit } from './sign-limit.ts'

export interface IdentityServiceDeps {
  readonly ca: CertificateAuthority
  readonly tokens: JoinTokens
  readonly clock: Clock
  readonly log: Log
}

/** `heddle.identity.v1.SignRequest`. */
export interface SignRequest {
  readonly csr: Uint8Array
  readonly joinToken: string
}

/** What the connection itself has proved. */
export interface SignPeer {
  /** The identity of the verified client certificate; `undefined` when there was none. */
  readonly spiffeId?: string | undefined
}

/** Every way in which a request can be refused; the same words in metrics and logs. */
export type SignRefusal =
  | CsrRefusal
  | TokenRefusal
  | 'no_proof'
  | 'foreign_trust_domain'
  | 'reserved_identity'
  | 'too_many_requests'
  | 'authority_unavailable'

/** The names that Connect and gRPC give to kinds of failure. */
export type SignRefusalCode =
  | 'invalid_argument'
  | 'unauthenticated'
  | 'permission_denied'
  | 'resource_exhausted'
  | 'unavailable'

/** `heddle.identity.v1.SignResponse`, or why there is none. */
export type SignAnswer =
  | {
      readonly kind: 'signed'
      readonly certificateChainPem: string
      readonly trustBundlePem: string
      readonly notBeforeMs: bigint
      readonly notAfterMs: bigint
      readonly spiffeId: string
      readonly serial: string
    }
  | {
      readonly kind: 'refused'
      readonly reason: SignRefusal
      readonly code: SignRefusalCode
      /** One sentence for the person at the other end; no secret in it. */
      readonly message: string
    }

const REFUSALS: Readonly<Record<SignRefusal, { readonly code: SignRefusalCode; readonly message: string }>> = {
  no_proof: { code: 'unauthenticated', message: 'neither a client certificate nor a join token' },
  token_malformed: { code: 'unauthenticated', message: 'the join token is not one: hdl1.ID.SECRET' },
  token_unknown: { code: 'unauthenticated', message: 'the join token is not known here' },
  token_expired: { code: 'unauthenticated', message: 'the join token has expired' },
  token_used: { code: 'unauthenticated', message: 'the join token was used already' },
  foreign_trust_domain: { code: 'permission_denied', message: 'the certificate is of another trust domain' },
  reserved_identity: { code: 'permission_denied', message: 'the identity of the control plane is given to nobody' },
  csr_malformed: { code: 'invalid_argument', message: 'the request is not a PKCS #10 request in DER of up to 4 KiB' },
  csr_key: { code: 'invalid_argument', message: 'the key of the request is not a P-256 key' },
  csr_signature: { code: 'invalid_argument', message: 'the signature of the request does not fit its key' },
  csr_names: { code: 'invalid_argument', message: 'the request must ask for one URI and no other name' },
  csr_identity: { code: 'permission_denied', message: 'the request asks for an identity that is not the caller’s' },
  too_many_requests: { code: 'resource_exhausted', message: 'this identity asked for too many certificates; wait' },
  authority_unavailable: { code: 'unavailable', message: 'the certificate authority cannot sign now' },
}

/** The service account, in namespace `heddle`, that only the control plane itself has. */
export const CONTROL_PLANE_ACCOUNT = { namespace: 'heddle', serviceAccount: 'control-plane' } as const

/** `heddle.identity.v1.IdentityService`, free of transport. Counts every answer by its reason. */
export class IdentityService {
  readonly #deps: IdentityServiceDeps
  readonly #limit: SignLimit
  readonly #answers = new Map<SignRefusal | 'signed', number>()
  readonly #refusals: LogLimit

  constructor(deps: IdentityServiceDeps) {
    this.#deps = deps
    this.#limit = new SignLimit(deps.clock)
    this.#refusals = new LogLimit(deps.log, deps.clock)
  }

  /** How often each answer was given: `signed`, or the reason of a refusal. */
  get answers(): ReadonlyMap<SignRefusal | 'signed', number> {
    return this.#answers
  }

  /**
   * Signs a certificate for a caller that proves who it is: by the client certificate of its connection for the same
   * identity again, or else by a join token. Never rejects; what cannot be signed is refused with a reason.
   */
  async sign(request: SignRequest, peer: SignPeer): Promise<SignAnswer> {
    const answer = await this.#answer(request, peer)
    const word = answer.kind === 'signed' ? 'signed' : answer.reason
    this.#answers.set(word, (this.#answers.get(word) ?? 0) + 1)
    return answer
  }

  async #answer(request: SignRequest, peer: SignPeer): Promise<SignAnswer> {
    // The cheap checks first: nobody makes us read a request before showing who he is.
    const caller = this.#callerOf(request, peer)
    if (caller.kind === 'refused') return this.#refuse(caller.reason, peer.spiffeId)
    const { spiffeId } = caller
    if (this.#isReserved(spiffeId)) return this.#refuse('reserved_identity', spiffeId)
    if (!this.#limit.take(spiffeId)) return this.#refuse('too_many_requests', spiffeId)
    try {
      return await this.#signFor(spiffeId, request, peer)
    } catch (error) {
      this.#deps.log.error('certificate not signed', { identity: spiffeId, error })
      const reason = error instanceof CaError ? error.message : 'see the log of the control plane'
      return this.#refuse('authority_unavailable', spiffeId, reason)
    }
  }

  #callerOf(request: SignRequest, peer: SignPeer) {
    if (peer.spiffeId !== undefined) {
      const isOurs = parseSpiffeId(peer.spiffeId)?.trustDomain === this.#deps.ca.trustDomain
      if (isOurs) return { kind: 'good', spiffeId: peer.spiffeId } as const
      return { kind: 'refused', reason: 'foreign_trust_domain' } as const
    }
    if (request.joinToken === '') return { kind: 'refused', reason: 'no_proof' } as const
    return this.#deps.tokens.check(request.joinToken)
  }

  async #signFor(spiffeId: string, request: SignRequest, peer: SignPeer): Promise<SignAnswer> {
    const { ca, tokens, log } = this.#deps
    const checked = await checkCsr(request.csr, spiffeId)
    if (checked.kind === 'refused') return this.#refuse(checked.reason, spiffeId, checked.detail)
    if (peer.spiffeId === undefined) {
      // Before signing: a token is used up on the disk before anything leaves that it was good for.
      const redeemed = await tokens.redeem(request.joinToken, checked.keyHash)
      if (redeemed.kind === 'refused') return this.#refuse(redeemed.reason, spiffeId)
    }
    const signed = await ca.sign({ publicKeyDer: checked.publicKeyDer, spiffeId })
    const { chainPem, bundlePem, notBeforeMs, notAfterMs, serial } = signed
    log.info('certificate signed', { identity: spiffeId, serial, notAfterMs, renewal: peer.spiffeId !== undefined })
    return {
      kind: 'signed',
      certificateChainPem: chainPem,
      trustBundlePem: bundlePem,
      notBeforeMs: BigInt(notBeforeMs),
      notAfterMs: BigInt(notAfterMs),
      spiffeId,
      serial,
    }
  }

  #isReserved(spiffeId: string): boolean {
    const id = parseSpiffeId(spiffeId)
    const { namespace, serviceAccount } = CONTROL_PLANE_ACCOUNT
    return id?.namespace === namespace && id.serviceAccount === serviceAccount
  }

  #refuse(reason: SignRefusal, spiffeId: string | undefined, detail?: string): SignAnswer {
    const { code, message } = REFUSALS[reason]
    const fields = { reason, identity: spiffeId, detail }
    this.#refusals.write({ level: 'warn', event: 'certificate refused', kind: reason, fields })
    return { kind: 'refused', reason, code, message: detail === undefined ? message : `${message} (${detail})` }
  }
}
