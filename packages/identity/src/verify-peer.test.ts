import { createTestCa, type TestCertificate } from '@heddle/testkit/test-ca'
import { expect, test } from 'vitest'
import { readPemCertificates } from './certificate.ts'
import { type PeerRefusal, verifyPeer } from './verify-peer.ts'

const NOW_MS = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000
const WEB = 'spiffe://heddle.local/ns/emojivote/sa/web'
const EXPECTED = { trustDomain: 'heddle.local', spiffeId: WEB, nowMs: NOW_MS }

async function leafOf(certificate: TestCertificate): Promise<Uint8Array> {
  const { certificateChainPem } = await (await createTestCa(NOW_MS)).issue(certificate)
  return readPemCertificates(certificateChainPem)[0]!
}

test('verifyPeer() knows a peer by its one URI', async () => {
  const leaf = await leafOf({ uris: [WEB], dnsNames: ['web.example'] })
  expect(verifyPeer(leaf, EXPECTED)).toMatchObject({ kind: 'verified', spiffeId: WEB })
  expect(verifyPeer(leaf, { trustDomain: 'heddle.local', nowMs: NOW_MS })).toMatchObject({ kind: 'verified' })
})

const REFUSED: readonly { name: string; certificate: TestCertificate; reason: PeerRefusal }[] = [
  { name: 'no name at all', certificate: { uris: [] }, reason: 'no_identity' },
  { name: 'two identities', certificate: { uris: [WEB, `${WEB}2`] }, reason: 'no_identity' },
  { name: 'the right identity beside another', certificate: { uris: ['https://a/', WEB] }, reason: 'no_identity' },
  { name: 'the identity as a DNS name only', certificate: { uris: [], dnsNames: ['web'] }, reason: 'no_identity' },
  { name: 'a URI that is no SPIFFE id', certificate: { uris: ['https://heddle.local/'] }, reason: 'no_identity' },
  { name: 'an id with a NUL behind it', certificate: { uris: [`${WEB}\0`] }, reason: 'no_identity' },
  { name: 'another identity', certificate: { uris: [`${WEB}2`] }, reason: 'other_identity' },
  {
    name: 'the same workload of another trust domain',
    certificate: { uris: ['spiffe://other.example/ns/emojivote/sa/web'] },
    reason: 'foreign_trust_domain',
  },
  { name: 'an authority', certificate: { uris: [WEB], isAuthority: true }, reason: 'authority_certificate' },
  { name: 'an expired one', certificate: { uris: [WEB], notAfterMs: NOW_MS - 61_000 }, reason: 'expired' },
  {
    name: 'one of the future',
    certificate: { uris: [WEB], notBeforeMs: NOW_MS + 61_000, notAfterMs: NOW_MS + HOUR_MS },
    reason: 'not_yet_valid',
  },
]

test.each(REFUSED)('verifyPeer() refuses a certificate with $name', async ({ certificate, reason }) => {
  expect(verifyPeer(await leafOf(certificate), EXPECTED)).toMatchObject({ kind: 'refused', reason })
})

test('verifyPeer() refuses a peer without a certificate, or with octets that are none', () => {
  expect(verifyPeer(undefined, EXPECTED)).toMatchObject({ reason: 'no_certificate' })
  expect(verifyPeer(new Uint8Array(0), EXPECTED)).toMatchObject({ reason: 'no_certificate' })
  expect(verifyPeer(Uint8Array.of(0x30, 1), EXPECTED)).toMatchObject({ reason: 'unreadable_certificate' })
})

test.each([
  { name: 'just expired', notBeforeMs: NOW_MS - HOUR_MS, notAfterMs: NOW_MS - 60_000 },
  { name: 'valid in a minute', notBeforeMs: NOW_MS + 60_000, notAfterMs: NOW_MS + HOUR_MS },
])('verifyPeer() bears clocks a minute apart: $name', async ({ notBeforeMs, notAfterMs }) => {
  const leaf = await leafOf({ uris: [WEB], notBeforeMs, notAfterMs })
  expect(verifyPeer(leaf, EXPECTED)).toMatchObject({ kind: 'verified' })
})
