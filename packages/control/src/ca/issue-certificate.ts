// First, as the X.509 library asks for.
import 'reflect-metadata'
import { randomBytes, type webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralName,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  type Name,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** From when to when; ms since the Unix epoch, whole seconds as X.509 has them. */
export interface Validity {
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

/** The one who signs. */
export interface Signer {
  readonly name: JsonName | Name
  readonly key: webcrypto.CryptoKey
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKeyDer: Uint8Array
}

/** A certificate, and what others need to know of it. */
export interface IssuedCertificate extends Validity {
  readonly pem: string
  /** Upper-case hexadecimal, 128 bits. */
  readonly serial: string
}

export const ECDSA_P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** How many authorities may stand below; a leaf says 0 by not being one. */
export interface AuthorityRequest extends Validity {
  readonly name: JsonName
  readonly publicKeyDer: Uint8Array
  readonly trustDomain: string
  readonly authoritiesBelow: number
}

/** Issues the certificate of an authority: CA, key usage for signing only, the trust domain as its SPIFFE id. */
export function issueAuthority(signer: Signer, request: AuthorityRequest): Promise<IssuedCertificate> {
  const trustDomain: JsonGeneralName = { type: 'url', value: `spiffe://${request.trustDomain}` }
  return issue(signer, request, [
    new BasicConstraintsExtension(true, request.authoritiesBelow, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    new SubjectAlternativeNameExtension([trustDomain]),
  ])
}

/** What a certificate of a workload, or of the control plane itself, is to say. */
export interface LeafRequest extends Validity {
  readonly publicKeyDer: Uint8Array
  readonly spiffeId: string
  /** Only the control plane has these: its clients know it by address. */
  readonly dnsNames?: readonly string[]
  readonly ipAddresses?: readonly string[]
}

/** Issues the certificate of a workload, as X509-SVID §4 wants it: no CA, digital signature only, one URI, no subject. */
export function issueLeaf(signer: Signer, request: LeafRequest): Promise<IssuedCertificate> {
  const names: JsonGeneralName[] = [
    { type: 'url', value: request.spiffeId },
    ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(request.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ]
  return issue(signer, { ...request, name: [] }, [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    // Critical, since the subject is empty (RFC 5280 §4.2.1.6).
    new SubjectAlternativeNameExtension(names, true),
  ])
}

interface Issuance extends Validity {
  readonly name: JsonName
  readonly publicKeyDer: Uint8Array
}

async function issue(signer: Signer, subject: Issuance, extensions: readonly Extension[]): Promise<IssuedCertificate> {
  const publicKey = new PublicKey(toArrayBuffer(subject.publicKeyDer))
  const serial = randomSerial()
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial,
    subject: subject.name,
    issuer: signer.name,
    notBefore: new Date(subject.notBeforeMs),
    notAfter: new Date(subject.notAfterMs),
    signingAlgorithm: ECDSA_P256,
    signingKey: signer.key,
    publicKey,
    extensions: [
      ...extensions,
      await SubjectKeyIdentifierExtension.create(publicKey),
      await AuthorityKeyIdentifierExtension.create(new PublicKey(toArrayBuffer(signer.publicKeyDer))),
    ],
  })
  const { notBeforeMs, notAfterMs } = subject
  return { pem: `${certificate.toString('pem')}\n`, serial: serial.toUpperCase(), notBeforeMs, notAfterMs }
}

/** 128 bits of chance but for the first two, which make the number positive and never shorter (RFC 5280 §4.1.2.2). */
function randomSerial(): string {
  const octets = randomBytes(16)
  octets[0] = (octets[0]! & 0x3f) | 0x40
  return octets.toString('hex')
}

function toArrayBuffer(octets: Uint8Array): ArrayBuffer {
  return Uint8Array.from(octets).buffer
}
