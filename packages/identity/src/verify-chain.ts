import { type KeyObject, X509Certificate } from 'node:crypto'
import { readCertificate, readPemCertificates } from './certificate.ts'
import { CLOCK_SKEW_MS, verifyPeer } from './verify-peer.ts'

/** Leaf, issuers and no root; what an authority answered. */
export interface IssuedChain {
  readonly certificateChainPem: string
  readonly trustBundlePem: string
}

/** What the asker knows of the certificate it asked for. */
export interface IssuedExpectation {
  readonly spiffeId: string
  readonly trustDomain: string
  readonly privateKey: KeyObject
  readonly nowMs: number
}

/** A good answer with the validity of its leaf, or one sentence why it must not replace what is in use. */
export type IssuedVerdict =
  | { readonly kind: 'good'; readonly notBeforeMs: number; readonly notAfterMs: number; readonly serial: string }
  | { readonly kind: 'bad'; readonly problem: string }

/** Leaf, issuer, perhaps one more between: longer chains are not ours. */
const MAX_CHAIN = 4

/**
 * Judges the answer of a certificate authority before it replaces the certificate in use: the leaf is of the asked
 * identity and key, it is valid now, and a chain of signatures leads from it to a certificate of the bundle.
 */
export function verifyIssued(chain: IssuedChain, expected: IssuedExpectation): IssuedVerdict {
  try {
    return judge(chain, expected)
  } catch (error) {
    return bad(`the answer cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/**
 * Whether others who trust the bundle can take the chain: signatures lead from its leaf to a certificate of the bundle. Of the leaf
 * itself nothing is looked at.
 */
export function isTrustedChain({ certificateChainPem, trustBundlePem }: IssuedChain, nowMs: number): boolean {
  try {
    return problemOfPath(readAll(certificateChainPem), readAll(trustBundlePem), nowMs) === undefined
  } catch {
    return false
  }
}

function readAll(pem: string): X509Certificate[] {
  return readPemCertificates(pem).map((der) => new X509Certificate(der))
}

function judge(chain: IssuedChain, expected: IssuedExpectation): IssuedVerdict {
  const ders = readPemCertificates(chain.certificateChainPem)
  if (ders.length > MAX_CHAIN) return bad(`a chain of ${ders.length} certificates`)
  const peer = verifyPeer(ders[0], expected)
  if (peer.kind === 'refused') return bad(peer.detail)
  const certificates = ders.map((der) => new X509Certificate(der))
  if (!certificates[0]!.checkPrivateKey(expected.privateKey)) return bad('the leaf is not of the key it was asked for')
  const problem = problemOfPath(certificates, readAll(chain.trustBundlePem), expected.nowMs)
  if (problem !== undefined) return bad(problem)
  const { notBeforeMs, notAfterMs, serial } = peer.facts
  return { kind: 'good', notBeforeMs, notAfterMs, serial }
}

function problemOfPath(
  path: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  nowMs: number,
): string | undefined {
  for (let i = 0; i + 1 < path.length; i++) {
    const problem = problemOfLink(path[i]!, path[i + 1]!, nowMs)
    if (problem !== undefined) return problem
  }
  const last = path.at(-1)!
  const isTrusted = roots.some((root) => problemOfLink(last, root, nowMs) === undefined)
  return isTrusted ? undefined : 'no certificate of the trust bundle has signed it'
}

function problemOfLink(signed: X509Certificate, by: X509Certificate, nowMs: number): string | undefined {
  const facts = readCertificate(by.raw)
  if (!facts.isAuthority) return 'signed by a certificate that is no authority'
  if (nowMs < facts.notBeforeMs - CLOCK_SKEW_MS || nowMs > facts.notAfterMs + CLOCK_SKEW_MS) {
    return 'signed by a certificate that is not valid now'
  }
  if (!signed.checkIssued(by) || !signed.verify(by.publicKey)) return 'a signature of the chain does not fit'
  return undefined
}

function bad(problem: string): IssuedVerdict {
  return { kind: 'bad', problem }
}
