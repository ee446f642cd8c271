import { createHash } from 'node:crypto'
import { Code } from '@connectrpc/connect'
import type { Clock } from '@heddle/base/clock'
import { ADMIN_AUDIENCE, INSTALL_NAMES } from '@heddle/kube/install/names'
import type { ReviewVerdict, TokenReviewer } from '../ca/review-token.ts'
import { type AccessRefusal, type AdminAccess, bearerOf, changes } from './admin-access.ts'

export interface ClusterAccessOptions {
  /** Of tokens for {@link ADMIN_AUDIENCE}. */
  readonly reviewer: TokenReviewer
  /** Of the accounts that count: Heddle's own. */
  readonly namespace: string
  readonly clock: Clock
}

/** A command makes a few calls with one token; RBAC that was taken away counts after so long at the latest. */
const REMEMBER_MS = 30_000
const MAX_REMEMBERED = 256

interface Remembered {
  readonly verdict: ReviewVerdict
  /** Monotonic: a clock that is set back must not make a right last longer. */
  readonly untilUs: number
}

/**
 * Lets tokens of two service accounts in: that of `heddle-viewer` to read, that of `heddle-operator` to do everything. Who gets
 * such tokens is said by the cluster's RBAC, as the right to create `serviceaccounts/token` of the account.
 */
export function clusterAccess({ reviewer, namespace, clock }: ClusterAccessOptions): AdminAccess {
  const remembered = new Map<string, Remembered>()
  const review = async (token: string, source: string): Promise<ReviewVerdict> => {
    const key = createHash('sha256').update(token).digest('base64')
    const known = remembered.get(key)
    if (known !== undefined && clock.monotonicUs() < known.untilUs) return known.verdict
    remembered.delete(key)
    const verdict = await reviewer.review(token, source)
    if (!isUndecided(verdict)) remembered.set(key, { verdict, untilUs: clock.monotonicUs() + REMEMBER_MS * 1_000 })
    if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!)
    return verdict
  }
  return {
    async refusalOf({ authorization, method, source }) {
      const token = authorization === null ? undefined : bearerOf(authorization)
      if (token === undefined) return noToken(namespace)
      return refusalOf(await review(token, source), { namespace, method })
    },
  }
}

interface Asked {
  readonly namespace: string
  readonly method: string
}

function refusalOf(verdict: ReviewVerdict, { namespace, method }: Asked): AccessRefusal | undefined {
  if (verdict.kind === 'refused') {
    const isAway = isUndecided(verdict)
    const why = verdict.detail === undefined ? '' : ` (${verdict.detail})`
    const detail = isAway
      ? `the API server cannot be asked about the token now${why}`
      : `the API server does not accept the token for audience ${ADMIN_AUDIENCE}${why}`
    return { reason: verdict.reason, detail, code: isAway ? Code.Unavailable : Code.Unauthenticated }
  }
  const { account } = verdict
  const { viewerAccount, operatorAccount } = INSTALL_NAMES
  const role = account.namespace === namespace ? account.serviceAccount : ''
  if (role === operatorAccount || (role === viewerAccount && !changes(method))) return undefined
  const who = `${account.namespace}/${account.serviceAccount}`
  const needed = changes(method) ? operatorAccount : viewerAccount
  const detail = `ServiceAccount ${who} may not call ${method}: ${rightTo(namespace, needed)}`
  return { reason: 'not_allowed', detail, code: Code.PermissionDenied }
}

/** Nobody has judged the token. */
function isUndecided(verdict: ReviewVerdict): boolean {
  const { reason = '' } = verdict.kind === 'refused' ? verdict : {}
  return reason === 'token_review_unavailable' || reason === 'token_review_busy'
}

function noToken(namespace: string): AccessRefusal {
  const detail = `a bearer token is needed: ${rightTo(namespace, INSTALL_NAMES.viewerAccount)}`
  return { reason: 'no_token', detail, code: Code.Unauthenticated }
}

/** What to ask the administrator of the cluster for. */
function rightTo(namespace: string, account: string): string {
  return (
    `it takes a token of ServiceAccount ${namespace}/${account} for audience ${ADMIN_AUDIENCE}, ` +
    `so RBAC must let you "create" serviceaccounts/token of ${account} in namespace ${namespace}`
  )
}
