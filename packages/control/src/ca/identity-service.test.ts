import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '@heddle/base/log'
import { createCsr } from '@heddle/identity/csr'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import { verifyIssued } from '@heddle/identity/verify-chain'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { directoryStore } from './authority-store.ts'
import { openCertificateAuthority } from './certificate-authority.ts'
import { IdentityService, type SignAnswer } from './identity-service.ts'
import { type JoinTokens, openJoinTokens } from './join-tokens.ts'

const WEB = 'spiffe://heddle.local/ns/emojivote/sa/web'
const FOR_WEB = { namespace: 'emojivote', serviceAccount: 'web', ttlMs: 60_000, reusable: false }

let dir: string
let clock: ManualClock
let tokens: JoinTokens
let service: IdentityService
let lines: string[]

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heddle-identity-'))
  clock = new ManualClock()
  lines = []
  const log = createLog((line) => lines.push(line), 'debug')
  tokens = await openJoinTokens({ file: join(dir, 'tokens.json'), trustDomain: 'heddle.local', clock })
  const ca = await openCertificateAuthority({
    store: directoryStore(join(dir, 'ca')),
    trustDomain: 'heddle.local',
    clock,
    log,
  })
  service = new IdentityService({ ca, tokens, clock, log })
})

afterEach(() => rm(dir, { recursive: true, force: true }))

async function csrFor(spiffeId = WEB): Promise<Uint8Array> {
  return createCsr((await createWorkloadKey()).privateKey, spiffeId)
}

function reasonOf(answer: SignAnswer): string {
  return answer.kind === 'signed' ? 'signed' : answer.reason
}

test('a workload joins by its token and gets what it can verify', async () => {
  const { privateKey } = await createWorkloadKey()
  const { token } = await tokens.create(FOR_WEB)
  const answer = await service.sign({ csr: createCsr(privateKey, WEB), joinToken: token }, {})
  if (answer.kind !== 'signed') throw new Error(answer.message)
  const nowMs = clock.nowMs()
  const expected = { spiffeId: WEB, trustDomain: 'heddle.local', privateKey, nowMs }
  expect(verifyIssued(answer, expected)).toEqual({
    kind: 'good',
    notBeforeMs: Number(answer.notBeforeMs),
    notAfterMs: Number(answer.notAfterMs),
    serial: answer.serial,
  })
})

test('a workload whose answer was lost asks again with the same key', async () => {
  const csr = await csrFor()
  const { token } = await tokens.create(FOR_WEB)
  expect(reasonOf(await service.sign({ csr, joinToken: token }, {}))).toBe('signed')
  expect(reasonOf(await service.sign({ csr, joinToken: token }, {}))).toBe('signed')
  expect(reasonOf(await service.sign({ csr: await csrFor(), joinToken: token }, {}))).toBe('token_used')
})

test('a workload renews by its certificate, for the same identity only', async () => {
  const peer = { spiffeId: WEB }
  expect(reasonOf(await service.sign({ csr: await csrFor(), joinToken: '' }, peer))).toBe('signed')
  const other = 'spiffe://heddle.local/ns/emojivote/sa/voting'
  expect(await service.sign({ csr: await csrFor(other), joinToken: '' }, peer)).toMatchObject({
    reason: 'csr_identity',
    code: 'permission_denied',
  })
  // A token cannot widen what the certificate says.
  const { token } = await tokens.create({ ...FOR_WEB, serviceAccount: 'voting' })
  expect(reasonOf(await service.sign({ csr: await csrFor(other), joinToken: token }, peer))).toBe('csr_identity')
})

test('a refused request uses no token up', async () => {
  const { token } = await tokens.create(FOR_WEB)
  const csr = Uint8Array.of(1, 2, 3)
  expect(reasonOf(await service.sign({ csr, joinToken: token }, {}))).toBe('csr_malformed')
  expect(reasonOf(await service.sign({ csr: await csrFor(), joinToken: token }, {}))).toBe('signed')
})

test.each([
  { name: 'neither certificate nor token', joinToken: '', peer: {}, reason: 'no_proof', code: 'unauthenticated' },
  { name: 'a token that is none', joinToken: 'x', peer: {}, reason: 'token_malformed', code: 'unauthenticated' },
  {
    name: 'a certificate of another trust domain',
    joinToken: '',
    peer: { spiffeId: 'spiffe://other.example/ns/emojivote/sa/web' },
    reason: 'foreign_trust_domain',
    code: 'permission_denied',
  },
  {
    name: 'a certificate whose name is no identity',
    joinToken: '',
    peer: { spiffeId: 'https://heddle.local' },
    reason: 'foreign_trust_domain',
    code: 'permission_denied',
  },
  {
    name: 'the certificate of the control plane',
    joinToken: '',
    peer: { spiffeId: 'spiffe://heddle.local/ns/heddle/sa/control-plane' },
    reason: 'reserved_identity',
    code: 'permission_denied',
  },
])('$name is refused, and counted', async ({ joinToken, peer, reason, code }) => {
  expect(await service.sign({ csr: await csrFor(), joinToken }, peer)).toMatchObject({ kind: 'refused', reason, code })
  expect([...service.answers]).toEqual([[reason, 1]])
})

test('a token cannot make anybody the control plane', async () => {
  const { token } = await tokens.create({ ...FOR_WEB, namespace: 'heddle', serviceAccount: 'control-plane' })
  const csr = await csrFor('spiffe://heddle.local/ns/heddle/sa/control-plane')
  expect(reasonOf(await service.sign({ csr, joinToken: token }, {}))).toBe('reserved_identity')
})

test('an identity that asks too often has to wait, the others do not', async () => {
  const request = { csr: Uint8Array.of(0), joinToken: '' }
  const reasons = await Promise.all(Array.from({ length: 101 }, () => service.sign(request, { spiffeId: WEB })))
  expect(reasons.map(reasonOf).filter((reason) => reason === 'too_many_requests')).toHaveLength(1)
  const other = { spiffeId: 'spiffe://heddle.local/ns/emojivote/sa/voting' }
  expect(reasonOf(await service.sign(request, other))).toBe('csr_malformed')
  clock.advance(200)
  expect(reasonOf(await service.sign(request, { spiffeId: WEB }))).toBe('csr_malformed')
  expect(reasonOf(await service.sign(request, { spiffeId: WEB }))).toBe('too_many_requests')
})

test('an authority past its time is a refusal with a reason, not a crash', async () => {
  clock.advance(3650 * 24 * 3_600_000)
  const answer = await service.sign({ csr: await csrFor(), joinToken: '' }, { spiffeId: WEB })
  expect(answer).toMatchObject({ reason: 'authority_unavailable', code: 'unavailable' })
})

test('neither tokens nor keys are ever logged, and knocking in a loop does not fill the log', async () => {
  const { token } = await tokens.create(FOR_WEB)
  const wrong = `${token.slice(0, 18)}${'A'.repeat(43)}`
  for (let i = 0; i < 50; i++) await service.sign({ csr: await csrFor(), joinToken: wrong }, {})
  await service.sign({ csr: await csrFor(), joinToken: token }, {})
  expect(lines).toHaveLength(2)
  const text = lines.join('')
  expect(text).toContain('token_unknown')
  for (const secret of [token.split('.')[2]!, 'AAAAAA', 'PRIVATE']) expect(text).not.toContain(secret)
})
