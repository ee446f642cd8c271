import 'reflect-metadata'
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  type Extension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** A certificate with its key, in the shape that the proxy calls TlsMaterial. */
export interface TestIdentity {
  readonly certificateChainPem: string
  readonly privateKeyPem: string
  readonly trustBundlePem: string
  readonly notAfterMs: number
}

/** What a certificate is to say; right and wrong ones alike. */
export interface TestCertificate {
  /** Usually the one SPIFFE id; none or several make certificates that must be refused. */
  readonly uris: readonly string[]
  readonly dnsNames?: readonly string[]
  readonly ipAddresses?: readonly string[]
  /** Default: an hour ago. */
  readonly notBeforeMs?: number
  /** Default: in an hour. */
  readonly notAfterMs?: number
  readonly isAuthority?: boolean
}

/** An authority of one test. Another one, of the same names, is a foreign authority. */
export interface TestCa {
  readonly trustBundlePem: string
  /** A certificate for one SPIFFE id, as the control plane would give it. */
  issueFor(spiffeId: string): Promise<TestIdentity>
  /** Any certificate; `notAfterMs` in the past makes an expired one. */
  issue(certificate: TestCertificate): Promise<TestIdentity>
}

const HOUR_MS = 3_600_000
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/**
 * Makes an authority in memory: a root which signs leaves itself, valid for an hour in both directions from now on.
 *
 * @param name - of its subject; one of its own unless given
 */
export async function createTestCa(
  nowMs: number = Date.now(),
  name: string = `test root ${randomBytes(4).toString('hex')}`,
): Promise<TestCa> {
  const root = await rootOf(nowMs, `CN=${name}`)
  const issue = (certificate: TestCertificate) => issueLeaf(root, certificate, nowMs)
  return { trustBundlePem: root.pem, issue, issueFor: (spiffeId) => issue({ uris: [spiffeId] }) }
}

interface Root {
  readonly pem: string
  readonly name: string
  readonly key: webcrypto.CryptoKey
  readonly publicKey: webcrypto.CryptoKey
  readonly authorityKeyId: Extension
}

async function rootOf(nowMs: number, name: string): Promise<Root> {
  const { key, publicKey } = await createKey()
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: name,
    issuer: name,
    notBefore: new Date(nowMs - 24 * HOUR_MS),
    notAfter: new Date(nowMs + 24 * HOUR_MS),
    signingAlgorithm: ECDSA,
    signingKey: key,
    publicKey,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(publicKey),
    ],
  })
  const authorityKeyId = await AuthorityKeyIdentifierExtension.create(publicKey)
  return { pem: `${certificate.toString('pem')}\n`, name, key, publicKey, authorityKeyId }
}

async function issueLeaf(root: Root, wanted: TestCertificate, nowMs: number): Promise<TestIdentity> {
  const { privateKeyPem, publicKey } = await createKey()
  const notAfterMs = wanted.notAfterMs ?? nowMs + HOUR_MS
  const isAuthority = wanted.isAuthority === true
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: '',
    issuer: root.name,
    notBefore: new Date(wanted.notBeforeMs ?? nowMs - HOUR_MS),
    notAfter: new Date(notAfterMs),
    signingAlgorithm: ECDSA,
    signingKey: root.key,
    publicKey,
    extensions: [
      new BasicConstraintsExtension(isAuthority, undefined, true),
      new KeyUsagesExtension(isAuthority ? KeyUsageFlags.keyCertSign : KeyUsageFlags.digitalSignature, true),
      root.authorityKeyId,
      ...namesOf(wanted),
    ],
  })
  const certificateChainPem = `${certificate.toString('pem')}\n`
  return { certificateChainPem, privateKeyPem, trustBundlePem: root.pem, notAfterMs }
}

function namesOf(wanted: TestCertificate): readonly Extension[] {
  const names: JsonGeneralName[] = [
    ...wanted.uris.map((value) => ({ type: 'url' as const, value })),
    ...(wanted.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(wanted.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ]
  return names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names, true)]
}

async function createKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' })
  return {
    privateKeyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    key: await webcrypto.subtle.importKey('pkcs8', pkcs8, ECDSA, false, ['sign']),
    publicKey: await importPublicKey(privateKey),
  }
}

function importPublicKey(privateKey: KeyObject): Promise<webcrypto.CryptoKey> {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return webcrypto.subtle.importKey('spki', spki, ECDSA, true, ['verify'])
}

/** Random and positive. */
function serialNumber(): string {
  const octets = randomBytes(16)
  octets[0] = (octets[0]! & 0x7f) | 0x40
  return octets.toString('hex')
}
