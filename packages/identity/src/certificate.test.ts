import { X509Certificate } from 'node:crypto'
import { createTestCa } from '@heddle/testkit/test-ca'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCertificate, readPemCertificates } from './certificate.ts'
import { DerError } from './der.ts'

const WEB = 'spiffe://heddle.local/ns/emojivote/sa/web'
const NOW_MS = Date.UTC(2026, 0, 1)

async function leafDer(uris: readonly string[], more = {}): Promise<Uint8Array> {
  const ca = await createTestCa(NOW_MS)
  return readPemCertificates((await ca.issue({ uris, ...more })).certificateChainPem)[0]!
}

test('readCertificate() reads what the runtime reads', async () => {
  const der = await leafDer([WEB], { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1', '::1'] })
  const facts = readCertificate(der)
  const runtime = new X509Certificate(der)
  expect(facts).toEqual({
    serial: runtime.serialNumber,
    notBeforeMs: Date.parse(runtime.validFrom),
    notAfterMs: Date.parse(runtime.validTo),
    isAuthority: false,
    uris: [WEB],
  })
})

test('readCertificate() reads an authority, and times on both sides of 2050', async () => {
  const root = readPemCertificates((await createTestCa(NOW_MS)).trustBundlePem)[0]!
  expect(readCertificate(root)).toMatchObject({ isAuthority: true, uris: [] })
  const notBeforeMs = Date.UTC(2049, 11, 31, 23, 59, 59)
  const notAfterMs = Date.UTC(2050, 0, 1, 0, 0, 1)
  expect(readCertificate(await leafDer([WEB], { notBeforeMs, notAfterMs }))).toMatchObject({ notBeforeMs, notAfterMs })
})

test('a DNS name that contains what looks like a URI is not taken for one', async () => {
  const der = await leafDer([], { dnsNames: [`a.example, URI:${WEB}`] })
  expect(readCertificate(der).uris).toEqual([])
})

test('a URI with a NUL or with letters outside ASCII stays unequal to the one it resembles', async () => {
  expect(readCertificate(await leafDer([`${WEB}\0.example`])).uris).toEqual([`${WEB}\0.example`])
})

test('readCertificate() throws nothing but DerError on any octets and on any damage', async () => {
  const der = await leafDer([WEB])
  const damage = fc.tuple(fc.nat(der.length - 1), fc.nat(255))
  const damaged = fc.array(damage, { minLength: 1, maxLength: 4 }).map((changes) => {
    const copy = Uint8Array.from(der)
    for (const [at, octet] of changes) copy[at] = octet
    return copy
  })
  const cut = fc.nat(der.length - 1).map((length) => der.subarray(0, length))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), damaged, cut), (octets) => {
      try {
        readCertificate(octets)
      } catch (error) {
        expect(error).toBeInstanceOf(DerError)
      }
    }),
    { numRuns: 500 },
  )
})

test('readCertificate() refuses octets after the certificate, and too many octets', async () => {
  const der = await leafDer([WEB])
  expect(() => readCertificate(Buffer.concat([der, Buffer.of(0)]))).toThrow(DerError)
  expect(() => readCertificate(new Uint8Array(70_000))).toThrow(DerError)
})

test.each([
  { name: 'nothing', pem: '' },
  { name: 'a certificate cut off', pem: '-----BEGIN CERTIFICATE-----\nMIIB' },
  { name: 'a key', pem: '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n' },
])('readPemCertificates() refuses $name', ({ pem }) => {
  expect(() => readPemCertificates(pem)).toThrow(DerError)
})
