import { join } from 'node:path'
import { type Authority, createAuthorityKey, readAuthority } from './authority-key.ts'
import { CaError } from './ca-error.ts'
import { type IssuedCertificate, issueAuthority, type Signer } from './issue-certificate.ts'
import { createPrivateFile, ensurePrivateDirectory, readPrivateFile, replacePrivateFile } from './private-file.ts'

/** Where the authority lives, for whom, and what time it is. */
export interface AuthorityPlace {
  readonly dir: string
  readonly trustDomain: string
  readonly nowMs: number
}

const DAY_MS = 24 * 3_600_000
const ROOT_LIFE_MS = 3650 * DAY_MS
const ISSUER_LIFE_MS = 365 * DAY_MS
/** Other hosts' clocks may be behind: authorities are valid for an hour when they are made. */
const BACKDATE_MS = 3_600_000
const SKEW_MS = 60_000

/**
 * Reads the root from `DIR/root.pem`, or makes it when there is none. Of several processes that start at once one
 * makes it and all use it.
 *
 * @throws {CaError} when it is open to other users, damaged, of another trust domain, or not valid now
 */
export async function openRoot(place: AuthorityPlace): Promise<Authority> {
  await ensurePrivateDirectory(place.dir)
  const file = join(place.dir, 'root.pem')
  const text = (await readPrivateFile(file)) ?? (await createRoot(place, file))
  const root = await readAuthority(file, text, place.trustDomain)
  if (place.nowMs >= root.notAfterMs) throw new CaError(`${file}: the root expired at ${formatTime(root.notAfterMs)}`)
  requireBegun(file, root, place.nowMs)
  return root
}

/**
 * Reads the issuer from `DIR/issuer.pem`, or makes it when there is none.
 *
 * @throws {CaError} as {@link openRoot}, and when it was not signed by `root`; an expired one is returned, so that the
 *   caller replaces it
 */
export async function openIssuer(place: AuthorityPlace, root: Authority): Promise<Authority> {
  const file = join(place.dir, 'issuer.pem')
  const text = (await readPrivateFile(file)) ?? (await createIssuer(place, root, file))
  const issuer = await readAuthority(file, text, place.trustDomain)
  const isOfRoot =
    issuer.certificate.checkIssued(root.certificate) && issuer.certificate.verify(root.certificate.publicKey)
  if (!isOfRoot) throw new CaError(`${file}: the issuer was not signed by the root beside it`)
  requireBegun(file, issuer, place.nowMs)
  return issuer
}

/** Makes a new issuer by the same root and puts it in the place of the old one, whose leaves stay good. */
export async function replaceIssuer(place: AuthorityPlace, root: Authority): Promise<Authority> {
  const file = join(place.dir, 'issuer.pem')
  const text = await issuerText(place, root)
  await replacePrivateFile(file, text)
  return await readAuthority(file, text, place.trustDomain)
}

async function createRoot(place: AuthorityPlace, file: string): Promise<string> {
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
  return await createOrRead(file, toText(certificate, privateKeyPem))
}

async function createIssuer(place: AuthorityPlace, root: Authority, file: string): Promise<string> {
  return await createOrRead(file, await issuerText(place, root))
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

async function createOrRead(file: string, text: string): Promise<string> {
  if (await createPrivateFile(file, text)) return text
  const theirs = await readPrivateFile(file)
  if (theirs === undefined) throw new CaError(`${file}: removed while it was being made`)
  return theirs
}

function toText(certificate: IssuedCertificate, privateKeyPem: string): string {
  return certificate.pem + privateKeyPem
}

function validityOf(nowMs: number, lifeMs: number) {
  const nowSecondMs = Math.floor(nowMs / 1000) * 1000
  return { notBeforeMs: nowSecondMs - BACKDATE_MS, notAfterMs: nowSecondMs + lifeMs }
}

function requireBegun(file: string, authority: Authority, nowMs: number): void {
  if (nowMs + SKEW_MS >= authority.notBeforeMs) return
  const from = formatTime(authority.notBeforeMs)
  throw new CaError(`${file}: valid only from ${from} on, but this machine's clock says ${formatTime(nowMs)}`)
}

function formatTime(ms: number): string {
  return new Date(ms).toISOString()
}
