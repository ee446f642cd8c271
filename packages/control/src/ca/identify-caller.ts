import { parseSpiffeId, type SpiffeId } from '@heddle/identity/spiffe-id'
import type { CertificateAuthority } from './certificate-authority.ts'
import type { JoinTokenBook } from './join-tokens.ts'
import type { TokenReviewer } from './review-token.ts'
import type { SignRefusal } from './sign-refusal.ts'

/** `heddle.identity.v1.SignRequest`. */
export interface SignRequest {
  /** PKCS #10 in DER. */
  readonly csr: Uint8Array
  /** Empty where there is none. */
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

/** Who judges proofs. */
export interface CallerJudges {
  readonly ca: Pick<CertificateAuthority, 'trustDomain'>
  readonly tokens: Pick<JoinTokenBook, 'check'>
  /** Judges tokens of service accounts; `undefined`: there is no cluster, nobody can. */
  readonly reviewer?: TokenReviewer | undefined
  /**
   * Whether the identity is that of a Workload that is no pod, and so has no token of a service account: only that may be renewed by a
   * certificate alone where there is a {@link reviewer}.
   */
  readonly isOfWorkload?: (id: SpiffeId) => boolean
}

/** Who asks, or why that is not known. */
export type CallerVerdict =
  | { readonly kind: 'good'; readonly spiffeId: string }
  | { readonly kind: 'refused'; readonly reason: SignRefusal; readonly detail?: string }

/**
 * Says who asks: whose the token of a service account is where there is one; else whose the client certificate of the connection is, else
 * whose the join token. Reads nothing of what is asked for, so that it comes first.
 *
 * @throws {CaError} when the join tokens cannot be read
 */
export async function identifyCaller(
  request: SignRequest,
  peer: SignPeer,
  judges: CallerJudges,
): Promise<CallerVerdict> {
  const { ca, tokens } = judges
  const id = peer.spiffeId === undefined ? undefined : parseSpiffeId(peer.spiffeId)
  if (peer.spiffeId !== undefined && id?.trustDomain !== ca.trustDomain) {
    return { kind: 'refused', reason: 'foreign_trust_domain' }
  }
  if (hasToken(request)) return await identifyPod(request.serviceAccountToken, peer, judges)
  if (peer.spiffeId !== undefined && id !== undefined) {
    return needsToken(id, judges)
      ? { kind: 'refused', reason: 'token_needed' }
      : { kind: 'good', spiffeId: peer.spiffeId }
  }
  if (request.joinToken === '') return { kind: 'refused', reason: 'no_proof' }
  return await tokens.check(request.joinToken)
}

/** Or who has taken the key of a pod, or a pod that was deleted, could be it for ever. */
function needsToken(id: SpiffeId, { reviewer, isOfWorkload = () => false }: CallerJudges): boolean {
  return reviewer !== undefined && !isOfWorkload(id)
}

/** Who the API server says it is. While it cannot be asked, a certificate that is still good may be renewed by itself. */
async function identifyPod(token: string, peer: SignPeer, { reviewer, ca }: CallerJudges): Promise<CallerVerdict> {
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

/** Whether a request comes with the token of a service account, which then is what counts. */
export function hasToken(request: SignRequest): request is SignRequest & { readonly serviceAccountToken: string } {
  return request.serviceAccountToken !== undefined && request.serviceAccountToken !== ''
}
