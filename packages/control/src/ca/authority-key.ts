import { messageOf } from '@heddle/base/message-of'
import 'reflect-metadata'
import { createPrivateKey, createPublicKey, webcrypto, X509Certificate } from 'node:crypto'
import { readCertificate } from '@heddle/identity/certificate'
import { X509Certificate as ParsedCertificate } from '@peculiar/x509'
import { CaError } from './ca-error.ts'
import { ECDSA_P256, type Signer, type Validity } from './issue-certificate.ts'

/** The certificate of an authority together with its key, ready to sign. */
export interface Authority extends AuthorityCertificate {
  readonly signer: Signer
}

/** A new P-256 key for an authority; the PEM is for its private file only. */
export async function createAuthorityKey() {
  const pair = await webcrypto.subtle.generateKey(ECDSA_P256, true, ['sign', 'verify'])
  const spki = await webcrypto.subtle.exportKey('spki', pair.publicKey)
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', pair.privateKey))
  const privateKeyPem = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  })
  return { key: pair.privateKey, publicKeyDer: new Uint8Array(spki), privateKeyPem: privateKeyPem.toString() }
}

/**
 * Reads an authority from the text of its file: one certificate and its key, both PEM.
 *
 * @param file - only to name it in errors
 * @throws {CaError} when one of both is missing or damaged, they do not belong together, or it is of another trust domain
 */
export async function readAuthority(file: string, text: string, trustDomain: string): Promise<Authority> {
  const certificatePem = blockOf(file, text, 'CERTIFICATE')
  const keyPem = blockOf(file, text, 'PRIVATE KEY')
  const { certificate, privateKey, facts } = parse(file, certificatePem, keyPem)
  if (!certificate.checkPrivateKey(privateKey)) throw new CaError(`${file}: the key is not that of the certificate`)
  if (!facts.isAuthority) throw new CaError(`${file}: the certificate is not that of an authority`)
  const ofDomain = facts.uris[0] ?? 'no trust domain'
  if (ofDomain !== `spiffe://${trustDomain}`) {
    throw new CaError(`${file}: this authority is of ${ofDomain}, not of spiffe://${trustDomain}`)
  }
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' })
  const key = await webcrypto.subtle.importKey('pkcs8', pkcs8, ECDSA_P256, false, ['sign'])
  const publicKeyDer = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  // As parsed, not as text: leaves then name their issuer octet for octet.
  const name = new ParsedCertificate(certificatePem).subjectName
  const { notBeforeMs, notAfterMs } = facts
  return { certificatePem, certificate, notBeforeMs, notAfterMs, signer: { name, key, publicKeyDer } }
}

/** The certificate of an authority whose key is not there any more. */
export interface AuthorityCertificate extends Validity {
  readonly certificatePem: string
  readonly certificate: X509Certificate
}

/** @throws {CaError} when there is no such certificate in the text */
export function readAuthorityCertificate(file: string, text: string): AuthorityCertificate {
  const certificatePem = blockOf(file, text, 'CERTIFICATE')
  try {
    const certificate = new X509Certificate(certificatePem)
    const { notBeforeMs, notAfterMs } = readCertificate(certificate.raw)
    return { certificatePem, certificate, notBeforeMs, notAfterMs }
  } catch (error) {
    throw new CaError(`${file}: damaged: ${messageOf(error)}`)
  }
}

function blockOf(file: string, text: string, label: string): string {
  const begin = `-----BEGIN ${label}-----`
  const end = `-----END ${label}-----`
  const parts = text.split(begin)
  const body = parts[1]?.split(end)
  if (parts.length !== 2 || body?.length !== 2) throw new CaError(`${file}: damaged, no single PEM ${label} in it`)
  return `${begin}${body[0]}${end}\n`
}

function parse(file: string, certificatePem: string, keyPem: string) {
  try {
    const certificate = new X509Certificate(certificatePem)
    const privateKey = createPrivateKey(keyPem)
    if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new CaError('the key is not a P-256 key')
    return { certificate, privateKey, facts: readCertificate(certificate.raw) }
  } catch (error) {
    throw new CaError(`${file}: damaged: ${messageOf(error)}`)
  }
}
