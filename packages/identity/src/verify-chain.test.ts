import { createPrivateKey } from 'node:crypto'
import { createTestCa, type TestIdentity } from '@heddle/testkit/test-ca'
import { expect, test } from 'vitest'
import { verifyIssued } from './verify-chain.ts'

const NOW_MS = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000
const WEB = 'spiffe://heddle.local/ns/emojivote/sa/web'

function judge(identity: TestIdentity, changes: { spiffeId?: string; nowMs?: number; keyPem?: string } = {}) {
  return verifyIssued(identity, {
    spiffeId: changes.spiffeId ?? WEB,
    trustDomain: 'heddle.local',
    privateKey: createPrivateKey(changes.keyPem ?? identity.privateKeyPem),
    nowMs: changes.nowMs ?? NOW_MS,
  })
}

test('verifyIssued() accepts what was asked for, and says how long it is good', async () => {
  const identity = await (await createTestCa(NOW_MS)).issueFor(WEB)
  expect(judge(identity)).toMatchObject({
    kind: 'good',
    notBeforeMs: NOW_MS - HOUR_MS,
    notAfterMs: NOW_MS + HOUR_MS,
    serial: expect.stringMatching(/^[0-9A-F]{32}$/),
  })
})

test('verifyIssued() refuses an answer that must not replace a good certificate', async () => {
  const ca = await createTestCa(NOW_MS)
  const [identity, other, foreign] = [await ca.issueFor(WEB), await ca.issueFor(WEB), await createTestCa(NOW_MS)]
  const leafAsAuthority = identity.certificateChainPem + other.certificateChainPem
  const problems = [
    judge(identity, { spiffeId: `${WEB}2` }),
    judge(identity, { keyPem: other.privateKeyPem }),
    judge(identity, { nowMs: NOW_MS + 2 * HOUR_MS }),
    judge({ ...identity, trustBundlePem: foreign.trustBundlePem }),
    judge({ ...identity, trustBundlePem: other.certificateChainPem }),
    judge({ ...identity, certificateChainPem: leafAsAuthority }),
    judge({ ...identity, certificateChainPem: identity.certificateChainPem.repeat(5) }),
    judge({ ...identity, certificateChainPem: 'nothing' }),
    judge({ ...identity, trustBundlePem: '' }),
  ]
  expect(problems).toEqual([
    { kind: 'bad', problem: `expected ${WEB}2, the peer is ${WEB}` },
    { kind: 'bad', problem: 'the leaf is not of the key it was asked for' },
    { kind: 'bad', problem: expect.stringContaining('expired at') },
    { kind: 'bad', problem: 'no certificate of the trust bundle has signed it' },
    { kind: 'bad', problem: 'no certificate of the trust bundle has signed it' },
    { kind: 'bad', problem: 'signed by a certificate that is no authority' },
    { kind: 'bad', problem: 'a chain of 5 certificates' },
    { kind: 'bad', problem: expect.stringContaining('the answer cannot be read') },
    { kind: 'bad', problem: expect.stringContaining('the answer cannot be read') },
  ])
})
