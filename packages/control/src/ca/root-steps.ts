import { type Authority, readAuthority } from './authority-key.ts'
import { type AuthorityState, changeOf, stepOf } from './authority-state.ts'
import type { AuthorityChange } from './authority-store.ts'
import { CaError } from './ca-error.ts'
import { isOwnRoot, makeIssuer, makeRoot } from './make-authority.ts'
import type { AuthorityPlace } from './open-authority.ts'
import { beginStep, formatRecord, type RootChange, type RootStep, STEADY, waitMsOf } from './root-record.ts'

const DAY_MS = 24 * 3_600_000
/** Of a root that lives shorter than others. */
const CHANGE_FROM = 0.8
/** Some weeks in which nobody runs, or in which something goes wrong, have to be over before people are warned at 60 days. */
const CHANGE_BEFORE_MS = 90 * DAY_MS

/**
 * From when on a root is changed by itself: 90 days before its end; at 80 % of the life of one that lives for less than 450 days.
 *
 * @returns ms since the Unix epoch; `undefined`: never, since a person brought it, who alone can know what comes after it
 */
export function changesFromMs({ root }: Pick<AuthorityState, 'root'>): number | undefined {
  if (!isOwnRoot(root)) return undefined
  const { notBeforeMs, notAfterMs } = root
  return Math.max(notBeforeMs + (notAfterMs - notBeforeMs) * CHANGE_FROM, notAfterMs - CHANGE_BEFORE_MS)
}

/** First step: a new root, which everybody learns to trust. Its issuer comes with it, so that the second step only exchanges texts. */
export async function prepare(state: AuthorityState, place: AuthorityPlace): Promise<AuthorityChange> {
  requireStep(state, 'steady')
  // Whoever brought it has to be asked, and not to lose it.
  if (state.texts['next-root'] !== undefined) throw new CaError(state.problem)
  const root = await makeRoot(place)
  const authority = await readAuthority(place.store.placeOf('next-root'), root, place.trustDomain)
  const issuer = await makeIssuer(place, authority)
  return {
    'next-root': root,
    'next-issuer': issuer,
    ...recordOf({ step: 'prepared', root: fingerprintOf(authority) }, state, place),
  }
}

/** The same where a person put the next root there: what is missing beside it. Or the waiting for a step begins anew. */
export async function beginAnew(state: AuthorityState, place: AuthorityPlace): Promise<AuthorityChange> {
  const { next } = state
  const hasNoIssuer = next !== undefined && next.issuer === undefined
  const issuer = hasNoIssuer ? { 'next-issuer': await makeIssuer(place, next.root) } : {}
  return { ...issuer, ...recordOf(changeOf(state), state, place) }
}

/**
 * Second step: the new root's issuer signs. The key of the former one is gone then.
 *
 * In this order, because files change one after the other: until the root itself is another, nothing has happened (see `changesAtStart`).
 */
export function activate(state: AuthorityState, place: AuthorityPlace): AuthorityChange {
  requireStep(state, 'prepared')
  const { 'next-root': root, 'next-issuer': issuer } = state.texts
  if (state.next === undefined || root === undefined || issuer === undefined)
    throw new CaError('the next root has no issuer yet; try again')
  requireLasting(state.next.root, state, place)
  return {
    'former-root': state.root.certificatePem,
    ...recordOf({ step: 'activated', root: fingerprintOf(state.next.root) }, state, place),
    root,
    issuer,
    'next-issuer': undefined,
    'next-root': undefined,
  }
}

/** Third step: the former root is trusted no longer. @throws {CaError} when the present issuer stands under it */
export function retire(state: AuthorityState, place: AuthorityPlace): AuthorityChange {
  requireStep(state, 'activated')
  const { root, former, issuer } = state
  const isPresent = former?.certificate.raw.equals(root.certificate.raw) === true
  if (isPresent || !issuer.certificate.verify(root.certificate.publicKey)) {
    throw new CaError('the issuer that signs stands under this root')
  }
  return { 'former-root': undefined, ...recordOf(STEADY, state, place) }
}

/** What is left of a change whose next root was taken away, or cannot be used: should it come back, not all may know it. */
export function forgetStep(state: AuthorityState, place: AuthorityPlace): AuthorityChange {
  return recordOf(STEADY, state, place)
}

/** The step asked for cannot follow upon the present one. */
export class RootStepError extends Error {
  override readonly name = 'RootStepError'
}

const PRESENT: Readonly<Record<RootStep, string>> = {
  steady: 'no change of the root is under way; "heddle root rotate" begins one',
  prepared:
    'a change of the root is under way: the next one is prepared, and has to sign before the present one can be retired',
  activated: 'a change of the root is under way: the next one signs, and the former one is not retired yet',
}

function requireStep(state: AuthorityState, step: RootStep): void {
  const present = stepOf(state)
  if (present !== step) throw new RootStepError(PRESENT[present])
}

/** A root that a person brought may have been good for long enough only when it was brought. */
function requireLasting({ notAfterMs }: Authority, { record }: AuthorityState, { store, nowMs }: AuthorityPlace): void {
  if (notAfterMs > nowMs + waitMsOf(record)) return
  const until = new Date(notAfterMs).toISOString()
  throw new CaError(
    `${store.placeOf('next-root')}: it is valid until ${until} only, too short to sign; put another there`,
  )
}

function recordOf(change: RootChange, { record }: AuthorityState, { nowMs }: AuthorityPlace): AuthorityChange {
  return { rotation: formatRecord(beginStep(change, record, nowMs)) }
}

function fingerprintOf({ certificate }: Pick<Authority, 'certificate'>): string {
  return certificate.fingerprint256
}
