import { CONTROL_ACCOUNT } from '@heddle/api/control-account'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { LogLimit } from '@heddle/base/log-limit'
import { parseSpiffeId, type SpiffeId } from '@heddle/identity/spiffe-id'
import { CaError } from './ca-error.ts'
import type { CertificateAuthority } from './certificate-authority.ts'
import { type CsrRefusal, checkCsr } from './check-csr.ts'
import type { JoinTokenBook, TokenRefusal } from './join-tokens.ts'
import type { ReviewRefusal, TokenReviewer } from './review-token.ts'
import { JOIN_RATE, POD_RATE, SignLimit } from './sign-limit.ts'

export interface IdentityServiceDeps {
  readonly ca: CertificateAuthority
  readonly tokens: JoinTokenBook
  /** Judges tokens of service accounts; `undefined`: there is no cluster, nobody can. */
  readonly reviewer?: TokenReviewer | undefined
  /**
   * Whether the identity is that of a Workload that is no pod, and so has no token of a service account: only that may be renewed by a
   * certificate alone where there is a {@link reviewer}.
   */
  readonly isOfWorkload?: (id: SpiffeId) => boolean
  /** Namespace of the control plane, whose identity is given to nobody; `heddle` unless given. */
  readonly namespace?: string
  readonly clock: Clock
  readonly log: Log
}

/** `heddle.identity.v1.SignRequest`. */
export interface SignRequest {
  readonly csr: Uint8Array
  readonly joinToken: string
  /** Where it is not empty it is what counts. */
  readonly serviceAccountToken?: string
}

/** What the connection itself has proved. */
export interface SignPeer {
  /** The identity of the verified client certificate; `undefined` when there was none. */
  readonly spiffeId?: string | undefined
  /** The address that it comes from. */
  readonly source?: string
}

/** Every way in which a request can be refused; the same words in metrics and logs. */
export type SignRefusal =
  | CsrRefusal
  | TokenRefusal
  | ReviewRefusal
  | 'token_reviews_not_here'
  | 'token_of_another'
  | 'token_needed'
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

type CallerVerdict =
  | { readonly kind: 'good'; readonly spiffeId: string }
  | { readonly kind: 'refused'; readonly reason: SignRefusal; readonly detail?: string }

const REFUSALS: Readonly<Record<SignRefusal, { readonly code: SignRefusalCode; readonly message: string }>> = {
  no_proof: { code: 'unauthenticated', message: 'neither a client certificate nor a token' },
  token_malformed: { code: 'unauthenticated', message: 'the join token is not one: hdl1.ID.SECRET' },
  token_unknown: { code: 'unauthenticated', message: 'the join token is not known here' },
  token_expired: { code: 'unauthenticated', message: 'the join token has expired' },
  token_used: { code: 'unauthenticated', message: 'the join token was used already' },
  service_account_token_malformed: {
    code: 'unauthenticated',
    message: 'the token of the service account is not a JSON Web Token of up to 8 KiB',
  },
  token_review_refused: {
    code: 'unauthenticated',
    message: 'the API server does not accept the token of the service account for audience heddle.dev/identity',
  },
  not_a_service_account: { code: 'unauthenticated', message: 'the token is not that of a service account' },
  token_review_unavailable: { code: 'unavailable', message: 'the API server cannot be asked about the token now' },
  token_review_busy: { code: 'unavailable', message: 'too many tokens are being judged; come back' },
  token_reviews_not_here: {
    code: 'unauthenticated',
    message: 'this control plane is of no cluster and cannot judge tokens of service accounts',
  },
  token_of_another: {
    code: 'permission_denied',
    message: 'the token and the certificate of the connection are of different identities',
  },
  token_needed: {
    code: 'unauthenticated',
    message:
      'a pod renews its certificate with the token of its service account; by the certificate alone only a Workload does',
  },
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

/** The service account that only the control plane itself has, in its own namespace. */
export function controlAccount(namespace: string = CONTROL_ACCOUNT.namespace) {
  return { ...CONTROL_ACCOUNT, namespace }
}

/** `heddle.identity.v1.IdentityService`, free of transport. Counts every answer by its reason. */
export class IdentityService {
  readonly #deps: IdentityServiceDeps
  readonly #limit: SignLimit
  readonly #answers = new Map<SignRefusal | 'signed', number>()
  readonly #refusals: LogLimit

  constructor(deps: IdentityServiceDeps) {
    this.#deps = deps
    this.#limit = new SignLimit(deps.clock, deps.reviewer === undefined ? JOIN_RATE : POD_RATE)
    this.#refusals = new LogLimit(deps.log, deps.clock)
  }

  /** How often each answer was given: `signed`, or the reason of a refusal. */
  get answers(): ReadonlyMap<SignRefusal | 'signed', number> {
    return this.#answers
  }

  /**
   * Signs a certificate for a caller that proves who it is: by the token of its service account where it has one; else by
   * the client certificate of its connection for the same identity again, or by a join token. Never rejects; what cannot be
   * signed is refused with a reason.
   */
  async sign(request: SignRequest, peer: SignPeer): Promise<SignAnswer> {
    const answer = await this.#answer(request, peer)
    const word = answer.kind === 'signed' ? 'signed' : answer.reason
    this.#answers.set(word, (this.#answers.get(word) ?? 0) + 1)
    return answer
  }

  async #answer(request: SignRequest, peer: SignPeer): Promise<SignAnswer> {
    // The cheap checks first: nobody makes us read a request before showing who he is.
    const caller = await this.#callerOf(request, peer).catch((error: unknown) => this.#unavailable(undefined, error))
    if (caller.kind === 'refused') return this.#refuse(caller.reason, peer.spiffeId, caller.detail)
    const { spiffeId } = caller
    if (this.#isReserved(spiffeId)) return this.#refuse('reserved_identity', spiffeId)
    if (!this.#limit.take(spiffeId)) return this.#refuse('too_many_requests', spiffeId)
    try {
      return await this.#signFor(spiffeId, request, peer)
    } catch (error) {
      const { reason, detail } = this.#unavailable(spiffeId, error)
      return this.#refuse(reason, spiffeId, detail)
    }
  }

  #unavailable(identity: string | undefined, error: unknown) {
    this.#deps.log.error('certificate not signed', { identity, error })
    const detail = error instanceof CaError ? error.message : 'see the log of the control plane'
    return { kind: 'refused', reason: 'authority_unavailable', detail } as const
  }

  async #callerOf(request: SignRequest, peer: SignPeer): Promise<CallerVerdict> {
    const { ca, tokens } = this.#deps
    const id = peer.spiffeId === undefined ? undefined : parseSpiffeId(peer.spiffeId)
    if (peer.spiffeId !== undefined && id?.trustDomain !== ca.trustDomain) {
      return { kind: 'refused', reason: 'foreign_trust_domain' }
    }
    if (hasToken(request)) return await this.#podOf(request.serviceAccountToken, peer)
    if (peer.spiffeId !== undefined && id !== undefined) {
      return this.#needsToken(id)
        ? { kind: 'refused', reason: 'token_needed' }
        : { kind: 'good', spiffeId: peer.spiffeId }
    }
    if (request.joinToken === '') return { kind: 'refused', reason: 'no_proof' }
    return await tokens.check(request.joinToken)
  }

  /** Or who has taken the key of a pod, or a pod that was deleted, could be it for ever. */
  #needsToken(id: SpiffeId): boolean {
    const { reviewer, isOfWorkload = () => false } = this.#deps
    return reviewer !== undefined && !isOfWorkload(id)
  }

  /** Who the API server says it is. While it cannot be asked, a certificate that is still good may be renewed by itself. */
  async #podOf(token: string, peer: SignPeer): Promise<CallerVerdict> {
    const { reviewer, ca } = this.#deps
    if (reviewer === undefined) return { kind: 'refused', reason: 'token_reviews_not_here' }
    const verdict = await reviewer.review(token, peer.source)
    if (verdict.kind === 'refused') {
      const isAway = verdict.reason === 'token_review_unavailable'
      return isAway && peer.spiffeId !== undefined ? { kind: 'good', spiffeId: peer.spiffeId } : verdict
    }
    const { namespace, serviceAccount } = verdict.account
    const spiffeId = `spiffe://${ca.trustDomain}/ns/${namespace}/sa/${serviceAccount}`
    if (parseSpiffeId(spiffeId) === undefined) {
      return { kind: 'refused', reason: 'not_a_service_account', detail: 'its names are too long for an identity' }
    }
    if (peer.spiffeId !== undefined && peer.spiffeId !== spiffeId) {
      return { kind: 'refused', reason: 'token_of_another', detail: `the token is that of ${spiffeId}` }
    }
    return { kind: 'good', spiffeId }
  }

  async #signFor(spiffeId: string, request: SignRequest, peer: SignPeer): Promise<SignAnswer> {
    const { ca, tokens, log } = this.#deps
    const checked = await checkCsr(request.csr, spiffeId)
    if (checked.kind === 'refused') return this.#refuse(checked.reason, spiffeId, checked.detail)
    if (peer.spiffeId === undefined && !hasToken(request)) {
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
    const { namespace, serviceAccount } = controlAccount(this.#deps.namespace)
    return id?.namespace === namespace && id.serviceAccount === serviceAccount
  }

  #refuse(reason: SignRefusal, spiffeId: string | undefined, detail?: string): SignAnswer {
    const { code, message } = REFUSALS[reason]
    const fields = { reason, identity: spiffeId, detail }
    this.#refusals.write({ level: 'warn', event: 'certificate refused', kind: reason, fields })
    return { kind: 'refused', reason, code, message: detail === undefined ? message : `${message} (${detail})` }
  }
}

function hasToken(request: SignRequest): request is SignRequest & { readonly serviceAccountToken: string } {
  return request.serviceAccountToken !== undefined && request.serviceAccountToken !== ''
}
