import { messageOf } from '@heddle/base/message-of'
import { type Authority, readAuthority, readAuthorityCertificate } from './authority-key.ts'
import { type AuthorityState, isOfCertificate, type NextAuthority } from './authority-state.ts'
import type { AuthorityChange, AuthorityPart, AuthorityStore, AuthorityTexts } from './authority-store.ts'
import { CaError } from './ca-error.ts'
import { makeIssuer, makeRoot } from './make-authority.ts'
import { beginStep, formatRecord, parseRecord, STEADY } from './root-record.ts'

/** Where the authority is kept, for whom it is, and what time it is. */
export interface AuthorityPlace {
  readonly store: Pick<AuthorityStore, 'placeOf'>
  readonly trustDomain: string
  readonly nowMs: number
}

const SKEW_MS = 60_000
const REPLACE = 'replace it: docs/tasks/replace-the-root.md'

/**
 * What has to be done with what is kept before it is used: root and issuer are made where there are none, and what a crash left half done is
 * ended. Of several control planes that start at once one makes them and all use them.
 *
 * @param leafLifeMs - of what will be signed
 * @throws {CaError} when the root is damaged, or missing beside its issuer
 */
export async function changesAtStart(
  place: AuthorityPlace,
  texts: AuthorityTexts,
  leafLifeMs: number,
): Promise<AuthorityChange> {
  const { root, issuer } = texts
  if (root === undefined && issuer !== undefined) {
    const name = place.store.placeOf('root')
    throw new CaError(`${name}: missing, though its issuer is there; put it back, or ${REPLACE}`)
  }
  if (root === undefined) return await newAuthority(place, leafLifeMs)
  const known = parseRecord(texts.rotation)
  const isLonger = leafLifeMs > known.leafLifeMs
  return {
    ...endActivation(texts),
    ...(issuer === undefined && { issuer: await makeIssuer(place, await readRoot(place, root)) }),
    ...(isLonger && { rotation: formatRecord({ ...known, leafLifeMs }) }),
  }
}

async function newAuthority(place: AuthorityPlace, leafLifeMs: number): Promise<AuthorityChange> {
  const root = await makeRoot(place)
  const issuer = await makeIssuer(place, await readRoot(place, root))
  const rotation = formatRecord(beginStep(STEADY, { leafLifeMs }, place.nowMs))
  return { root, issuer, ...(rotation !== undefined && { rotation }) }
}

/**
 * Where files change one after the other, a crash or a full disk may come before or after the root itself: then nothing was activated, or all
 * is to be.
 */
export function endActivation(texts: AuthorityTexts): AuthorityChange {
  const { root, 'former-root': former = '', 'next-root': next, 'next-issuer': nextIssuer } = texts
  if (next !== undefined && next === root) {
    return { ...(nextIssuer && { issuer: nextIssuer }), 'next-issuer': undefined, 'next-root': undefined }
  }
  const isPresent = former !== '' && root?.includes(former.trim()) === true
  return isPresent ? { 'former-root': undefined } : {}
}

/**
 * Reads what is kept.
 *
 * @throws {CaError} when root or issuer is damaged, missing, of another trust domain, before its time, or they do not belong together. One
 *   that has expired is returned
 */
export async function readState(place: AuthorityPlace, texts: AuthorityTexts): Promise<AuthorityState> {
  const root = await readRoot(place, textOf('root', texts, place))
  const issuer = await readIssuer('issuer', { text: textOf('issuer', texts, place), root }, place)
  const problems: string[] = []
  const next = await readNext(texts, place).catch((error: unknown) => void problems.push(messageOf(error)))
  const former = readFormer(texts, place, problems)
  const isNew = next !== undefined && !isOfCertificate(texts.root, next.root)
  const record = parseRecord(texts.rotation)
  return { texts, root, issuer, next: isNew ? next : undefined, former, record, problem: problems.join('; ') }
}

function textOf(part: AuthorityPart, texts: AuthorityTexts, { store }: AuthorityPlace): string {
  const text = texts[part]
  if (text === undefined) throw new CaError(`${store.placeOf(part)}: missing`)
  return text
}

/** @throws {CaError} when the root has expired */
export function requireUnexpired({ store, nowMs }: AuthorityPlace, root: Authority): void {
  if (nowMs < root.notAfterMs) return
  const when = formatTime(root.notAfterMs)
  throw new CaError(`${store.placeOf('root')}: the root expired at ${when}; ${REPLACE}`)
}

function readRoot(place: AuthorityPlace, text: string): Promise<Authority> {
  return readPart('root', text, place)
}

interface IssuerOf {
  readonly text: string
  readonly root: Authority
}

async function readIssuer(part: AuthorityPart, { text, root }: IssuerOf, place: AuthorityPlace): Promise<Authority> {
  const issuer = await readPart(part, text, place)
  const { certificate } = issuer
  const isOfRoot = certificate.checkIssued(root.certificate) && certificate.verify(root.certificate.publicKey)
  if (isOfRoot) return issuer
  const name = place.store.placeOf(part)
  throw new CaError(`${name}: the issuer was not signed by the root beside it; put that back, or ${REPLACE}`)
}

async function readNext(texts: AuthorityTexts, place: AuthorityPlace): Promise<NextAuthority | undefined> {
  const { 'next-root': rootText, 'next-issuer': text } = texts
  if (rootText === undefined) return undefined
  const root = await readPart('next-root', rootText, place)
  if (place.nowMs >= root.notAfterMs) {
    throw new CaError(`${place.store.placeOf('next-root')}: it expired at ${formatTime(root.notAfterMs)}`)
  }
  return { root, issuer: text === undefined ? undefined : await readIssuer('next-issuer', { text, root }, place) }
}

function readFormer(texts: AuthorityTexts, { store }: AuthorityPlace, problems: string[]) {
  const text = texts['former-root']
  if (text === undefined) return undefined
  try {
    const former = readAuthorityCertificate(store.placeOf('former-root'), text)
    return isOfCertificate(texts.root, former) ? undefined : former
  } catch (error) {
    problems.push(messageOf(error))
    return undefined
  }
}

async function readPart(part: AuthorityPart, text: string, place: AuthorityPlace): Promise<Authority> {
  const name = place.store.placeOf(part)
  const authority = await readAuthority(name, text, place.trustDomain)
  requireBegun(name, authority, place.nowMs)
  return authority
}

function requireBegun(name: string, authority: Authority, nowMs: number): void {
  if (nowMs + SKEW_MS >= authority.notBeforeMs) return
  const from = formatTime(authority.notBeforeMs)
  throw new CaError(`${name}: valid only from ${from} on, but this machine's clock says ${formatTime(nowMs)}`)
}

function formatTime(ms: number): string {
  return new Date(ms).toISOString()
}
