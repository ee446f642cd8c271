import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { LogLimit } from '@heddle/base/log-limit'
import { CaError } from './ca-error.ts'
import type { CertificateAuthority } from './certificate-authority.ts'
import { checkCsr } from './check-csr.ts'
import { isControlIdentity } from './control-account.ts'
import { type CallerJudges, hasToken, identifyCaller, type SignPeer, type SignRequest } from './identify-caller.ts'
import type { JoinTokenBook } from './join-tokens.ts'
import { JOIN_RATE, POD_RATE, SignLimit } from './sign-limit.ts'
import { SIGN_REFUSALS, type SignRefusal, type SignRefusalCode } from './sign-refusal.ts'

export interface IdentityServiceDeps extends CallerJudges {
  readonly ca: CertificateAuthority
  readonly tokens: JoinTokenBook
  /** Namespace of the control plane, whose identity is given to nobody; `heddle` unless given. */
  readonly namespace?: string
  readonly clock: Clock
  readonly log: Log
}

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
    const caller = await identifyCaller(request, peer, this.#deps).catch((error: unknown) =>
      this.#unavailable(undefined, error),
    )
    if (caller.kind === 'refused') return this.#refuse(caller.reason, peer.spiffeId, caller.detail)
    const { spiffeId } = caller
    if (isControlIdentity(spiffeId, this.#deps.namespace)) return this.#refuse('reserved_identity', spiffeId)
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

  #refuse(reason: SignRefusal, spiffeId: string | undefined, detail?: string): SignAnswer {
    const { code, message } = SIGN_REFUSALS[reason]
    const fields = { reason, identity: spiffeId, detail }
    this.#refusals.write({ level: 'warn', event: 'certificate refused', kind: reason, fields })
    return { kind: 'refused', reason, code, message: detail === undefined ? message : `${message} (${detail})` }
  }
}
