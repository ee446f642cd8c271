import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import type { Clock } from '@heddle/base/clock'
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** A certificate as the identity service answers it; the times are int64 in JSON. */
export interface SignedRequest {
  readonly certificateChainPem: string
  readonly trustBundlePem: string
  readonly notBeforeMs: string
  readonly notAfterMs: string
}

/** An authority of one test which signs requests, as a control plane does, with a clock that may be wrong. */
export interface TestAuthority {
  readonly trustBundlePem: string
  /** Added to the time of its clock. */
  skewMs: number
  /** How long what it signs is good. */
  lifeMs: number
  /** Signs whatever names the request has, for `lifeMs` from a moment ago. */
  sign(csrDer: Uint8Array): Promise<SignedRequest>
}

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const YEAR_MS = 365 * 86_400_000

/** Makes an authority in memory: one root. */
export async function createTestAuthority(clock: Clock, lifeMs: number): Promise<TestAuthority> {
  const keys = await webcrypto.subtle.generateKey(ECDSA, false, ['sign', 'verify'])
  const root = await createRoot(keys, clock.nowMs())
  const trustBundlePem = `${root.toString('pem')}\n`
  const authority: TestAuthority = {
    trustBundlePem,
    skewMs: 0,
    lifeMs,
    async sign(csrDer) {
      // Certificates count in whole seconds.
      const notBeforeMs = Math.floor((clock.nowMs() + authority.skewMs) / 1000) * 1000
      const notAfterMs = notBeforeMs + authority.lifeMs
      const life = { notBefore: new Date(notBeforeMs), notAfter: new Date(notAfterMs) }
      const leaf = await createLeaf(csrDer, life, { issuer: root.subject, signingKey: keys.privateKey })
      const certificateChainPem = `${leaf.toString('pem')}\n`
      return { certificateChainPem, trustBundlePem, notBeforeMs: `${notBeforeMs}`, notAfterMs: `${notAfterMs}` }
    },
  }
  return authority
}

function createRoot(keys: webcrypto.CryptoKeyPair, nowMs: number): Promise<X509Certificate> {
  return X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=test authority ${randomBytes(4).toString('hex')}`,
    notBefore: new Date(nowMs - YEAR_MS),
    notAfter: new Date(nowMs + YEAR_MS),
    signingAlgorithm: ECDSA,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
}

interface Life {
  readonly notBefore: Date
  readonly notAfter: Date
}

interface Signer {
  readonly issuer: string
  readonly signingKey: webcrypto.CryptoKey
}

async function createLeaf(csrDer: Uint8Array, life: Life, signer: Signer): Promise<X509Certificate> {
  const request = new Pkcs10CertificateRequest(Uint8Array.from(csrDer))
  return await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: '',
    ...life,
    ...signer,
    signingAlgorithm: ECDSA,
    publicKey: await request.publicKey.export(),
    extensions: [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      ...request.extensions.filter((extension) => extension instanceof SubjectAlternativeNameExtension),
    ],
  })
}

/** Random and positive. */
function serialNumber(): string {
  const octets = randomBytes(16)
  octets[0] = (octets[0]! & 0x7f) | 0x40
  return octets.toString('hex')
}
