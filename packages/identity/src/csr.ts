import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { DER_TAG, writeDer, writeOid } from './der.ts'
import { parseSpiffeId } from './spiffe-id.ts'

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'
const SUBJECT_ALT_NAME = '2.5.29.17'
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2'
/** GeneralName `uniformResourceIdentifier [6]` (RFC 5280 §4.2.1.6), primitive and context-specific. */
const URI_NAME_TAG = 0x86
/** CertificationRequestInfo `attributes [0]`, constructed and context-specific. */
const ATTRIBUTES_TAG = 0xa0

/**
 * Makes a certificate signing request (PKCS #10, RFC 2986) in DER: empty subject, the SPIFFE id as its only subject
 * alternative name, signed with ECDSA and SHA-256.
 *
 * @param privateKey - P-256; only its signature and its public half leave this function
 * @throws {RangeError} when `spiffeId` is none, or the key is of another kind
 */
export function createCsr(privateKey: KeyObject, spiffeId: string): Uint8Array {
  if (parseSpiffeId(spiffeId) === undefined) throw new RangeError(`"${spiffeId}" is not a SPIFFE id of this mesh`)
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new RangeError('the key is not a P-256 key')
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const requestInfo = writeDer(
    DER_TAG.sequence,
    writeDer(DER_TAG.integer, Uint8Array.of(0)),
    writeDer(DER_TAG.sequence),
    publicKey,
    writeDer(ATTRIBUTES_TAG, extensionRequest(spiffeId)),
  )
  const signature = sign('sha256', requestInfo, { key: privateKey, dsaEncoding: 'der' })
  return writeDer(
    DER_TAG.sequence,
    requestInfo,
    writeDer(DER_TAG.sequence, writeOid(ECDSA_WITH_SHA256)),
    writeDer(DER_TAG.bitString, Uint8Array.of(0), signature),
  )
}

function extensionRequest(spiffeId: string): Uint8Array {
  const names = writeDer(DER_TAG.sequence, writeDer(URI_NAME_TAG, new TextEncoder().encode(spiffeId)))
  const extension = writeDer(
    DER_TAG.sequence,
    writeOid(SUBJECT_ALT_NAME),
    // Critical, since the subject is empty (RFC 5280 §4.2.1.6).
    writeDer(DER_TAG.boolean, Uint8Array.of(0xff)),
    writeDer(DER_TAG.octetString, names),
  )
  const extensions = writeDer(DER_TAG.sequence, extension)
  return writeDer(DER_TAG.sequence, writeOid(EXTENSION_REQUEST), writeDer(DER_TAG.set, extensions))
}
