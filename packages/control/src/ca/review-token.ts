import { FairRoom } from '@heddle/base/fair-room'
import { type KubeClient, KubeError } from '@heddle/kube/client'
import { isToken } from './service-account-token.ts'

/** A service account of the cluster. */
export interface ServiceAccountName {
  readonly namespace: string
  readonly serviceAccount: string
}

/** Why a token proves nobody; the same words in metrics and logs. */
export type ReviewRefusal =
  | 'service_account_token_malformed'
  | 'token_review_refused'
  | 'not_a_service_account'
  | 'token_review_unavailable'
  | 'token_review_busy'

/** Whose token it is, by the API server's own word. */
export type ReviewVerdict =
  | { readonly kind: 'good'; readonly account: ServiceAccountName }
  | { readonly kind: 'refused'; readonly reason: ReviewRefusal; readonly detail?: string }

/** Judges tokens of service accounts. */
export interface TokenReviewer {
  /**
   * Never rejects: an API server that cannot be asked is a reason as well.
   *
   * @param source - address of who shows it: none gets so many turns that others get none
   */
  review(token: string, source?: string): Promise<ReviewVerdict>
}

export interface TokenReviewerOptions {
  /** One of its own: whoever sends many tokens must not keep the control plane from its other calls. */
  readonly client: Pick<KubeClient, 'request'>
  /** The token must have been made for it. */
  readonly audience: string
}

/** The part of `authentication.k8s.io/v1 TokenReview` that counts. */
interface TokenReview {
  readonly status?: {
    readonly authenticated?: boolean
    readonly error?: string
    readonly audiences?: readonly string[]
    readonly user?: { readonly username?: string }
  }
}

const PATH = '/apis/authentication.k8s.io/v1/tokenreviews'
const DEADLINE_MS = 3_000
const MAX_REVIEWS = 64
/** Apart from an API server that is away, since anybody can bring it about for himself. */
const BUSY: ReviewVerdict = {
  kind: 'refused',
  reason: 'token_review_busy',
  detail: `${MAX_REVIEWS} reviews are under way`,
}
const MAX_DETAIL = 200
const USERNAME = /^system:serviceaccount:([^:]+):([^:]+)$/

/**
 * Asks the API server about each token: it alone knows whether the pod and the account that it was made for are still there.
 * Nothing is remembered.
 */
export function createTokenReviewer({ client, audience }: TokenReviewerOptions): TokenReviewer {
  const room = new FairRoom({ places: MAX_REVIEWS, evenly: 'newcomer' })
  return {
    async review(token, source = '') {
      if (!isToken(token)) return refused('service_account_token_malformed')
      const ousted = new AbortController()
      const leave = room.enter(source, () => ousted.abort())
      if (leave === undefined) return BUSY
      try {
        const body = {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenReview',
          spec: { token, audiences: [audience] },
        }
        const { signal } = ousted
        const call = { method: 'POST', path: PATH, body, deadlineMs: DEADLINE_MS, isIdempotent: true, signal }
        return judge(await client.request<TokenReview>(call), audience)
      } catch (error) {
        return ousted.signal.aborted ? BUSY : refused('token_review_unavailable', toDetail(error))
      } finally {
        leave()
      }
    },
  }
}

function judge({ status = {} }: TokenReview, audience: string): ReviewVerdict {
  const { authenticated, error = '', audiences = [], user } = status
  if (authenticated !== true) return refused('token_review_refused', error.slice(0, MAX_DETAIL))
  // An API server that knows nothing of audiences says yes to tokens of any, and names none.
  if (!audiences.includes(audience)) return refused('token_review_refused', 'the token was made for another audience')
  const [, namespace, serviceAccount] = USERNAME.exec(user?.username ?? '') ?? []
  if (namespace === undefined || serviceAccount === undefined) return refused('not_a_service_account')
  return { kind: 'good', account: { namespace, serviceAccount } }
}

function refused(reason: ReviewRefusal, detail = ''): ReviewVerdict {
  return detail === '' ? { kind: 'refused', reason } : { kind: 'refused', reason, detail }
}

/** The API server's own words where it refused: "Forbidden" names the rule that the control plane lacks. */
function toDetail(error: unknown): string {
  if (error instanceof KubeError) return `${error.reason}: ${error.message}`.slice(0, MAX_DETAIL)
  return error instanceof Error ? error.message.slice(0, MAX_DETAIL) : 'no answer'
}
