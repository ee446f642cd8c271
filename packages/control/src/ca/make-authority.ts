import { type Authority, createAuthorityKey } from './authority-key.ts'
import { type IssuedCertificate, issueAuthority, type Signer } from './issue-certificate.ts'

/** For whom an authority is made, and when. */
export interface NewAuthority {
  readonly trustDomain: string
  readonly nowMs: number
}

const DAY_MS = 24 * 3_600_000
const ROOT_LIFE_MS = 3650 * DAY_MS
const ISSUER_LIFE_MS = 365 * DAY_MS
/** Other hosts' clocks may be behind: authorities are valid for an hour when they are made. */
const BACKDATE_MS = 3_600_000
const ROOT_NAME = 'Heddle root'

/** Whether a root is one that {@link makeRoot} made, and not one that a person brought. */
export function isOwnRoot({ certificate }: Pick<Authority, 'certificate'>): boolean {
  return certificate.subject?.split('\n').includes(`CN=${ROOT_NAME}`) === true
}

/** Makes a root of ten years. @returns its certificate and its key, PEM: a secret */
export async function makeRoot({ trustDomain, nowMs }: NewAuthority): Promise<string> {
  const { key, publicKeyDer, privateKeyPem } = await createAuthorityKey()
  const name = [{ CN: [ROOT_NAME] }, { O: [trustDomain] }]
  const signer: Signer = { name, key, publicKeyDer }
  const life = validityOf(nowMs, ROOT_LIFE_MS)
  const certificate = await issueAuthority(signer, { name, publicKeyDer, trustDomain, authoritiesBelow: 1, ...life })
  return toText(certificate, privateKeyPem)
}

/** Makes an issuer of one year, which the root does not outlive. @returns as {@link makeRoot} */
export async function makeIssuer({ trustDomain, nowMs }: NewAuthority, root: Authority): Promise<string> {
  const { publicKeyDer, privateKeyPem } = await createAuthorityKey()
  const validity = validityOf(nowMs, ISSUER_LIFE_MS)
  const certificate = await issueAuthority(root.signer, {
    name: [{ CN: ['Heddle issuer'] }, { O: [trustDomain] }],
    publicKeyDer,
    trustDomain,
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
