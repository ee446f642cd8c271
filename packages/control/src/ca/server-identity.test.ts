import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '@heddle/base/log'
import { readPemCertificates } from '@heddle/identity/certificate'
import { renewalTimeMs } from '@heddle/identity/rotation'
import { isTrustedChain } from '@heddle/identity/verify-chain'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { directoryStore } from './authority-store.ts'
import { CaError } from './ca-error.ts'
import { type CertificateAuthority, openCertificateAuthority } from './certificate-authority.ts'
import { openServerIdentity, type ServerTls } from './server-identity.ts'

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 })

const HOUR_MS = 3_600_000
const log = createLog(() => undefined, 'off')

let dir: string
let clock: ManualClock
let ca: CertificateAuthority
let stop: AbortController

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heddle-server-'))
  clock = new ManualClock()
  stop = new AbortController()
  ca = await openCertificateAuthority({
    store: directoryStore(join(dir, 'ca')),
    trustDomain: 'heddle.local',
    clock,
    log,
  })
})

afterEach(async () => {
  stop.abort()
  await rm(dir, { recursive: true, force: true })
})

function open(authority: CertificateAuthority = ca) {
  const addresses = ['control.example', '10.1.2.3', 'fd00::1', 'localhost']
  return openServerIdentity({ ca: authority, clock, log, addresses, signal: stop.signal })
}

test('the control plane is known by its identity, by localhost and by its addresses', async () => {
  const identity = await open()
  const leaf = new X509Certificate(identity.current().certificateChainPem)
  expect(identity.spiffeId).toBe('spiffe://heddle.local/ns/heddle/sa/control-plane')
  expect(leaf.subjectAltName).toContain(`URI:${identity.spiffeId}`)
  for (const host of ['localhost', 'control.example']) expect(leaf.checkHost(host)).toBe(host)
  for (const ip of ['127.0.0.1', '::1', '10.1.2.3', 'fd00::1']) expect(leaf.checkIP(ip)).toBe(ip)
})

test('it gets a new key and certificate at 65 to 70 % of the life, without anyone asking', async () => {
  const identity = await open()
  const first = identity.current()
  const rotated: ServerTls[] = []
  identity.onRotate((tls) => rotated.push(tls), stop.signal)
  const latestMs = renewalTimeMs(first.notBeforeMs, first.notAfterMs, () => 0)
  const earliestMs = renewalTimeMs(first.notBeforeMs, first.notAfterMs, () => 1)

  await clock.advanceAsync(earliestMs - clock.nowMs() - 1)
  expect(identity.current()).toBe(first)
  await clock.advanceAsync(latestMs - clock.nowMs())

  await eventually(() => expect(rotated).toHaveLength(1))
  expect(identity.current()).toBe(rotated[0])
  expect(rotated[0]!.privateKeyPem).not.toBe(first.privateKeyPem)
  expect(rotated[0]!.notAfterMs).toBeGreaterThan(first.notAfterMs)
})

test('it tries again with backoff while the authority cannot sign, and keeps the old certificate', async () => {
  let isBroken = false
  const asked: number[] = []
  const identity = await open({
    ...{ trustDomain: ca.trustDomain, trustBundlePem: ca.trustBundlePem, health: () => ca.health() },
    ...{ roots: ca.roots, changed: ca.changed, onTrustChange: () => {} },
    rotateWhenDue: () => ca.rotateWhenDue(),
    reload: () => ca.reload(),
    sign: (request) => {
      asked.push(clock.nowMs())
      return isBroken ? Promise.reject(new CaError('no')) : ca.sign(request)
    },
  })
  const first = identity.current()
  isBroken = true
  clock.advance(18 * HOUR_MS)
  for (let tries = 2; tries <= 8; tries++) {
    await eventually(() => expect(asked).toHaveLength(tries))
    await eventually(() => expect(clock.waiting).toBe(1))
    clock.advance(60_000)
  }
  expect(identity.current()).toBe(first)
  isBroken = false
  await eventually(() => expect(asked).toHaveLength(9))
  await eventually(() => expect(clock.waiting).toBe(1))
  clock.advance(60_000)
  await eventually(() => expect(identity.current()).not.toBe(first))
})

test('it gets a new certificate when the clock is set back to before the present one', async () => {
  clock.setWall(8 * HOUR_MS)
  const identity = await open()
  const first = identity.current()
  clock.setWall(-8 * HOUR_MS)
  await clock.advanceAsync(60_000)
  await eventually(() => expect(identity.current()).not.toBe(first))
  expect(identity.current().notBeforeMs).toBeLessThanOrEqual(clock.nowMs())
})

test('what is trusted changes at once, and so does a certificate that nobody trusts any more', async () => {
  const identity = await open()
  const first = identity.current()
  const seen: ServerTls[] = []
  identity.onRotate((tls) => seen.push(tls), stop.signal)

  await ca.roots.rotate()
  expect(seen).toEqual([{ ...first, trustBundlePem: ca.trustBundlePem }])
  expect(readPemCertificates(ca.trustBundlePem)).toHaveLength(2)
  await ca.roots.activateNow()
  expect(identity.current().certificateChainPem).toBe(first.certificateChainPem)
  await ca.roots.retireNow()

  await eventually(() => expect(identity.current().certificateChainPem).not.toBe(first.certificateChainPem))
  expect(isTrustedChain(identity.current(), clock.nowMs())).toBe(true)
  expect(clock.waiting, 'one renewal is awaited').toBe(1)
})

test('it stops when told to', async () => {
  await open()
  expect(clock.waiting).toBe(1)
  stop.abort()
  expect(clock.waiting).toBe(0)
})

test('without an authority there is no control plane', async () => {
  clock.advance(3650 * 24 * HOUR_MS)
  await expect(open()).rejects.toThrow(CaError)
})
