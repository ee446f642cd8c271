import 'reflect-metadata'
import { generateKeyPairSync, webcrypto } from 'node:crypto'
import { createCsr } from '@heddle/identity/csr'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import {
  BasicConstraintsExtension,
  type JsonGeneralName,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CsrRefusal, checkCsr } from './check-csr.ts'

const WEB = 'spiffe://heddle.local/ns/emojivote/sa/web'
const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: Uint8Array.of(1, 0, 1),
}

interface Wanted {
  readonly algorithm?: { readonly name: string; readonly hash: string }
  readonly names?: readonly JsonGeneralName[]
  readonly isAuthority?: boolean
}

async function csrOf({ algorithm = P256, names = [{ type: 'url', value: WEB }], isAuthority }: Wanted) {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const request = await Pkcs10CertificateRequestGenerator.create({
    keys: keys as webcrypto.CryptoKeyPair,
    signingAlgorithm: algorithm,
    extensions: [
      ...(names.length > 0 ? [new SubjectAlternativeNameExtension([...names])] : []),
      ...(isAuthority === true ? [new BasicConstraintsExtension(true, 3, true)] : []),
    ],
  })
  return new Uint8Array(request.rawData)
}

test('checkCsr() accepts the request that workloads make, and one that asks for more than it will get', async () => {
  const { privateKey } = await createWorkloadKey()
  expect(await checkCsr(createCsr(privateKey, WEB), WEB)).toMatchObject({
    kind: 'good',
    keyHash: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(await checkCsr(await csrOf({ isAuthority: true }), WEB)).toMatchObject({ kind: 'good' })
})

test('checkCsr() knows the same key again', async () => {
  const { privateKey } = await createWorkloadKey()
  const [one, again] = await Promise.all([0, 1].map(() => checkCsr(createCsr(privateKey, WEB), WEB)))
  const other = await checkCsr(createCsr((await createWorkloadKey()).privateKey, WEB), WEB)
  expect(one).toEqual(again)
  expect(one).not.toEqual(other)
})

const REFUSED: readonly { name: string; wanted: Wanted; reason: CsrRefusal }[] = [
  { name: 'an RSA key', wanted: { algorithm: RSA }, reason: 'csr_key' },
  {
    name: 'a P-384 key',
    wanted: { algorithm: { ...P256, namedCurve: 'P-384' } as Wanted['algorithm'] & {} },
    reason: 'csr_key',
  },
  { name: 'a weak hash', wanted: { algorithm: { ...P256, hash: 'SHA-1' } }, reason: 'csr_signature' },
  { name: 'no name', wanted: { names: [] }, reason: 'csr_names' },
  {
    name: 'two identities',
    wanted: {
      names: [
        { type: 'url', value: WEB },
        { type: 'url', value: `${WEB}2` },
      ],
    },
    reason: 'csr_names',
  },
  {
    name: 'a DNS name beside the identity',
    wanted: {
      names: [
        { type: 'url', value: WEB },
        { type: 'dns', value: 'localhost' },
      ],
    },
    reason: 'csr_names',
  },
  { name: 'a DNS name', wanted: { names: [{ type: 'dns', value: WEB }] }, reason: 'csr_names' },
  { name: 'another identity', wanted: { names: [{ type: 'url', value: `${WEB}2` }] }, reason: 'csr_identity' },
  { name: 'an identity with a NUL', wanted: { names: [{ type: 'url', value: `${WEB}\0` }] }, reason: 'csr_identity' },
]

test.each(REFUSED)('checkCsr() refuses $name', async ({ wanted, reason }) => {
  expect(await checkCsr(await csrOf(wanted), WEB)).toMatchObject({ kind: 'refused', reason })
})

test('checkCsr() refuses a request whose key did not sign it', async () => {
  const csr = createCsr((await createWorkloadKey()).privateKey, WEB)
  const other = createCsr((await createWorkloadKey()).privateKey, WEB)
  const forged = Uint8Array.from(csr)
  // BIT STRING of 66 octets, no unused bits, an uncompressed point: the public key.
  const keyHead = Buffer.of(0x03, 0x42, 0x00, 0x04)
  const at = Buffer.from(other).indexOf(keyHead)
  forged.set(other.subarray(at, at + 68), Buffer.from(csr).indexOf(keyHead))
  expect(await checkCsr(forged, WEB)).toMatchObject({ kind: 'refused', reason: 'csr_signature' })
})

test('checkCsr() refuses a certificate, a key, and more octets than a request has', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const key = privateKey.export({ format: 'der', type: 'pkcs8' })
  expect(await checkCsr(key, WEB)).toMatchObject({ reason: 'csr_malformed' })
  expect(await checkCsr(new Uint8Array(5000), WEB)).toMatchObject({ reason: 'csr_malformed' })
})

test('checkCsr() bears any octets and any damage, and never finds another key in them', async () => {
  const csr = createCsr((await createWorkloadKey()).privateKey, WEB)
  const undamaged = await checkCsr(csr, WEB)
  const change = fc.tuple(fc.nat(csr.length - 1), fc.integer({ min: 1, max: 255 }))
  const damaged = change.map(([at, mask]) => csr.map((octet, i) => (i === at ? octet ^ mask : octet)))
  const cut = fc.nat(csr.length - 1).map((length) => csr.slice(0, length))
  const octets = fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged, cut)
  await fc.assert(
    fc.asyncProperty(octets, async (bytes) => {
      const verdict = await checkCsr(bytes, WEB)
      // The outermost length is not signed, and may be spelled in other ways.
      if (verdict.kind === 'good') expect(verdict).toEqual(undamaged)
    }),
    { numRuns: 500 },
  )
})
