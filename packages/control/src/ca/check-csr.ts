import 'reflect-metadata'
import { createHash } from 'node:crypto'
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509'

/** Why a certificate signing request is refused; the same words in metrics and logs. */
export type CsrRefusal = 'csr_malformed' | 'csr_key' | 'csr_signature' | 'csr_names' | 'csr_identity'

export type CsrVerdict =
  | {
      readonly kind: 'good'
      /** SubjectPublicKeyInfo, DER: all that the certificate takes from the request. */
      readonly publicKeyDer: Uint8Array
      /** SHA-256 of it, hexadecimal: who asks again is the one who asked before. */
      readonly keyHash: string
    }
  | { readonly kind: 'refused'; readonly reason: CsrRefusal; readonly detail: string }

const SUBJECT_ALT_NAME = '2.5.29.17'
const MAX_CSR_BYTES = 4096
const STRONG_HASHES = ['SHA-256', 'SHA-384', 'SHA-512']

/**
 * Judges a certificate signing request (PKCS #10, DER): signed by the P-256 key it carries, and asking for `spiffeId` and
 * no other name. Whatever else it asks for (CA, usages, a life) is not read: the authority decides these.
 *
 * Bears any octets; it never throws.
 */
export async function checkCsr(csrDer: Uint8Array, spiffeId: string): Promise<CsrVerdict> {
  if (csrDer.length > MAX_CSR_BYTES) return refused('csr_malformed', `more than ${MAX_CSR_BYTES} octets`)
  try {
    return await judge(new Pkcs10CertificateRequest(Uint8Array.from(csrDer).buffer), spiffeId)
  } catch {
    // The parser's own words may quote what it was given.
    return refused('csr_malformed', 'not a certificate signing request in DER')
  }
}

async function judge(request: Pkcs10CertificateRequest, spiffeId: string): Promise<CsrVerdict> {
  const algorithm = request.publicKey.algorithm
  const isP256 = algorithm.name === 'ECDSA' && 'namedCurve' in algorithm && algorithm.namedCurve === 'P-256'
  if (!isP256) return refused('csr_key', 'the key is not a P-256 key')
  if (!STRONG_HASHES.includes(request.signatureAlgorithm.hash.name)) return refused('csr_signature', 'a weak hash')
  const names = request.getExtensions(SUBJECT_ALT_NAME)
  const [only] = names
  if (names.length !== 1 || !(only instanceof SubjectAlternativeNameExtension)) {
    return refused('csr_names', `${names.length} lists of subject alternative names, not one`)
  }
  const items = only.names.items
  if (items.length !== 1 || items[0]!.type !== 'url') return refused('csr_names', 'asks for more or else than one URI')
  if (items[0]!.value !== spiffeId) return refused('csr_identity', 'asks for an identity that the caller may not have')
  if (!(await request.verify())) return refused('csr_signature', 'the signature does not fit the key')
  const publicKeyDer = new Uint8Array(request.publicKey.rawData)
  return { kind: 'good', publicKeyDer, keyHash: createHash('sha256').update(publicKeyDer).digest('hex') }
}

function refused(reason: CsrRefusal, detail: string): CsrVerdict {
  return { kind: 'refused', reason, detail }
}
