import { type Authority, createAuthorityKey, readAuthority } from './authority-key.ts'
import type { AuthorityPart, AuthorityStore } from './authority-store.ts'
import { CaError } from './ca-error.ts'
import { type IssuedCertificate, issueAuthority, type Signer } from './issue-certificate.ts'

/** Where the authority is kept, for whom it is, and what time it is. */
export interface AuthorityPlace {
  readonly store: AuthorityStore
  readonly trustDomain: string
  readonly nowMs: number
}

/** An authority with the text that is kept of it. */
export interface KeptAuthority {
  readonly authority: Authority
  /** Certificate and key, PEM: a secret. */
  readonly text: string
}

const DAY_MS = 24 * 3_600_000
const ROOT_LIFE_MS = 3650 * DAY_MS
const ISSUER_LIFE_MS = 365 * DAY_MS
/** Other hosts' clocks may be behind: authorities are valid for an hour when they are made. */
const BACKDATE_MS = 3_600_000
const SKEW_MS = 60_000
const REPLACE = 'replace it: docs/tasks/replace-the-root.md'

/**
 * Reads the root, or makes it when there is none. Of several control planes that start at once one makes it and all use it.
 *
 * @throws {CaError} when it is open to other users, damaged, of another trust domain, not valid now, or missing beside its issuer
 */
export async function openRoot(place: AuthorityPlace): Promise<KeptAuthority> {
  const { store } = place
  // In this order: another control plane that starts now makes the root first.
  const hasIssuer = (await store.read('issuer')) !== undefined
  const present = await store.read('root')
  if (present === undefined && hasIssuer) {
    throw new CaError(`${store.placeOf('root')}: missing, though its issuer is there; put it back, or ${REPLACE}`)
  }
  const text = present ?? (await store.create('root', await rootText(place)))
  const root = await readKept('root', text, place)
  requireUnexpired(place, root.authority)
  return root
}

/** @throws {CaError} when the root has expired */
export function requireUnexpired({ store, nowMs }: AuthorityPlace, root: Authority): void {
  if (nowMs < root.notAfterMs) return
  const when = formatTime(root.notAfterMs)
  throw new CaError(`${store.placeOf('root')}: the root expired at ${when}; ${REPLACE}`)
}

/**
 * Reads the issuer, or makes it when there is none.
 *
 * @throws {CaError} as {@link openRoot}, and when it was not signed by `root`; an expired one is returned, so that the
 *   caller replaces it
 */
export async function openIssuer(place: AuthorityPlace, root: Authority): Promise<KeptAuthority> {
  const { store } = place
  const text = (await store.read('issuer')) ?? (await store.create('issuer', await issuerText(place, root)))
  return await readIssuer(text, place, root)
}

/**
 * Makes a new issuer by the same root and puts it in the place of the old one, whose leaves stay good.
 *
 * @param before - the text of the old one
 * @returns the one in force: another's, where that one was quicker
 */
export async function replaceIssuer(place: AuthorityPlace, root: Authority, before: string): Promise<KeptAuthority> {
  const text = await place.store.replace('issuer', before, await issuerText(place, root))
  return await readIssuer(text, place, root)
}

async function readIssuer(text: string, place: AuthorityPlace, root: Authority): Promise<KeptAuthority> {
  const issuer = await readKept('issuer', text, place)
  const { certificate } = issuer.authority
  const isOfRoot = certificate.checkIssued(root.certificate) && certificate.verify(root.certificate.publicKey)
  if (isOfRoot) return issuer
  const name = place.store.placeOf('issuer')
  throw new CaError(`${name}: the issuer was not signed by the root beside it; put that back, or ${REPLACE}`)
}

async function readKept(part: AuthorityPart, text: string, place: AuthorityPlace): Promise<KeptAuthority> {
  const name = place.store.placeOf(part)
  const authority = await readAuthority(name, text, place.trustDomain)
  requireBegun(name, authority, place.nowMs)
  return { authority, text }
}

async function rootText(place: AuthorityPlace): Promise<string> {
  const { key, publicKeyDer, privateKeyPem } = await createAuthorityKey()
  const name = [{ CN: ['Heddle root'] }, { O: [place.trustDomain] }]
  const signer: Signer = { name, key, publicKeyDer }
  const certificate = await issueAuthority(signer, {
    name,
    publicKeyDer,
    trustDomain: place.trustDomain,
    authoritiesBelow: 1,
    ...validityOf(place.nowMs, ROOT_LIFE_MS),
  })
  return toText(certificate, privateKeyPem)
}

async function issuerText(place: AuthorityPlace, root: Authority): Promise<string> {
  const { publicKeyDer, privateKeyPem } = await createAuthorityKey()
  const validity = validityOf(place.nowMs, ISSUER_LIFE_MS)
  const certificate = await issueAuthority(root.signer, {
    name: [{ CN: ['Heddle issuer'] }, { O: [place.trustDomain] }],
    publicKeyDer,
    trustDomain: place.trustDomain,
    authoritiesBelow: 0,
    notBeforeMs: Math.max(validity.notBeforeMs, root.notBeforeMs),
    notAfterMs: Math.min(validity.notAfterMs, root.notAfterMs),
  })
  return toText(certificate, privateKeyPem)
}

function toText(certificate: IssuedCertificate, privateKeyPem: string): string {
  return certificate.pem + privateKeyPem
}

function validityOf(nowMs: number, lifeMs: number) {
  const nowSecondMs = Math.floor(nowMs / 1000) * 1000
  return { notBeforeMs: nowSecondMs - BACKDATE_MS, notAfterMs: nowSecondMs + lifeMs }
}

function requireBegun(name: string, authority: Authority, nowMs: number): void {
  if (nowMs + SKEW_MS >= authority.notBeforeMs) return
  const from = formatTime(authority.notBeforeMs)
  throw new CaError(`${name}: valid only from ${from} on, but this machine's clock says ${formatTime(nowMs)}`)
}

function formatTime(ms: number): string {
  return new Date(ms).toISOString()
}
