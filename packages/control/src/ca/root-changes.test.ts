import { createPublicKey, X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '@heddle/base/log'
import { readPemCertificates } from '@heddle/identity/certificate'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import { isTrustedChain } from '@heddle/identity/verify-chain'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readAuthority } from './authority-key.ts'
import { type AuthorityStore, directoryStore } from './authority-store.ts'
import { type CertificateAuthority, openCertificateAuthority } from './certificate-authority.ts'
import { makeIssuer, makeRoot } from './make-authority.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const YEAR_MS = 365 * DAY_MS
const TRUST_DOMAIN = 'heddle.local'

let dir: string
let clock: ManualClock
let lines: string[]

beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'heddle-root-')), 'ca')
  clock = new ManualClock()
  lines = []
})
afterEach(() => rm(join(dir, '..'), { recursive: true, force: true }))

function open(more: { leafLifeMs?: number; store?: AuthorityStore; mayRotate?: () => boolean } = {}) {
  const log = createLog((line) => lines.push(line), 'info')
  return openCertificateAuthority({ store: directoryStore(dir), trustDomain: TRUST_DOMAIN, clock, log, ...more })
}

async function sign(ca: CertificateAuthority) {
  const { privateKey } = await createWorkloadKey()
  const publicKeyDer = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return await ca.sign({ publicKeyDer, spiffeId: `spiffe://${TRUST_DOMAIN}/ns/shop/sa/web` })
}

/** Lets hours pass in which somebody looks every few minutes, as `keepAuthority` does. */
async function run(ca: CertificateAuthority, hours: number): Promise<void> {
  for (let looks = 0; looks < Math.round(hours * 10); looks++) {
    await ca.roots.look()
    clock.advance(HOUR_MS / 10)
  }
  await ca.roots.look()
}

function rootsIn(ca: CertificateAuthority): string[] {
  return ca.roots.status().roots.map(({ role }) => role)
}

describe('a change of the root', () => {
  test('lets everybody trust both before the new one signs, and until all that the former one signed has run out', async () => {
    const ca = await open()
    const before = await sign(ca)
    await ca.roots.rotate()
    expect(ca.roots.status()).toMatchObject({ step: 'prepared', sinceMs: clock.nowMs(), remainingMs: 25 * HOUR_MS })
    await run(ca, 24.9)
    const prepared = await sign(ca)
    expect(ca.roots.status().step).toBe('prepared')
    const oldBundle = ca.trustBundlePem

    await run(ca, 0.2)
    expect(ca.roots.status()).toMatchObject({ step: 'activated' })
    expect(clock.nowMs() - ca.roots.status().sinceMs).toBeLessThan(HOUR_MS)
    const activated = await sign(ca)
    expect(ca.trustBundlePem, 'nobody has to be told').toBe(oldBundle)
    await run(ca, 24.9)
    expect(ca.roots.status().step).toBe('activated')
    await run(ca, 0.2)

    expect(ca.roots.status()).toMatchObject({ step: 'steady', sinceMs: 0, remainingMs: 0 })
    expect(rootsIn(ca)).toEqual(['present'])
    // Whoever has the bundle of a step trusts what is signed until the next one is over.
    const trusts = (bundlePem: string, { chainPem }: typeof before) =>
      isTrustedChain({ certificateChainPem: chainPem, trustBundlePem: bundlePem }, clock.nowMs())
    expect([before, prepared, activated].map((one) => trusts(before.bundlePem, one))).toEqual([true, true, false])
    expect([before, prepared, activated].map((one) => trusts(prepared.bundlePem, one))).toEqual([true, true, true])
    expect([before, prepared, activated].map((one) => trusts(ca.trustBundlePem, one))).toEqual([false, false, true])
    expect(prepared.notAfterMs, 'what the former one signed has run out').toBeLessThan(clock.nowMs())
    expect((await readdir(dir)).sort()).toEqual(['issuer.pem', 'root.pem'])
    expect((await open()).trustBundlePem).toBe(ca.trustBundlePem)
  })

  test('keeps its files from others, and the key of the former root nowhere', async () => {
    const ca = await open()
    await ca.roots.rotate()
    const modes = async () => {
      const files = (await readdir(dir)).sort()
      return await Promise.all(files.map(async (file) => [file, (await stat(join(dir, file))).mode & 0o777]))
    }
    const ofBoth = ['issuer.pem', 'next-issuer.pem', 'next-root.pem', 'root.pem', 'rotation.json']
    expect(await modes()).toEqual(ofBoth.map((file) => [file, 0o600]))
    await ca.roots.activateNow()
    const ofOne = ['former-root.pem', 'issuer.pem', 'root.pem', 'rotation.json']
    expect(await modes()).toEqual(ofOne.map((file) => [file, 0o600]))
    const { 'former-root': former } = await directoryStore(dir).change(() => ({}))
    expect(former).not.toContain('PRIVATE KEY')
    expect(lines.join()).not.toContain('PRIVATE KEY')
  })

  test('begins by itself 90 days before the end', async () => {
    const ca = await open()
    clock.advance(10 * 365 * DAY_MS - 91 * DAY_MS)
    await ca.roots.look()
    expect(ca.roots.status()).toMatchObject({ step: 'steady', changesFromMs: clock.nowMs() + DAY_MS })
    clock.advance(DAY_MS)
    await ca.roots.look()
    expect(ca.roots.status()).toMatchObject({ step: 'prepared', changesFromMs: undefined })
    await run(ca, 51)
    expect(ca.health().rootNotAfterMs).toBeGreaterThan(clock.nowMs() + 9.9 * YEAR_MS)
    expect(ca.health().issuerNotAfterMs).toBeGreaterThan(clock.nowMs() + 0.9 * YEAR_MS)
  })

  test('is begun by nobody who may not, and only once', async () => {
    const follower = await open({ mayRotate: () => false })
    clock.advance(10 * 365 * DAY_MS - 30 * DAY_MS)
    await follower.roots.look()
    expect(follower.roots.status().step).toBe('steady')
    await follower.roots.rotate()
    await expect(follower.roots.rotate()).rejects.toThrow('a change of the root is under way: the next one is prepared')
    await expect(follower.roots.retireNow()).rejects.toThrow('under way')
    expect(rootsIn(follower)).toEqual(['present', 'next'])
  })
})

describe('the waiting', () => {
  test('is skipped by no clock that is set on', async () => {
    const ca = await open()
    await ca.roots.rotate()
    await run(ca, 1)
    clock.setWall(300 * DAY_MS)
    await run(ca, 1)
    expect(ca.roots.status().step).toBe('prepared')
    clock.setWall(-300 * DAY_MS)
    await run(ca, 23.2)
    expect(ca.roots.status().step).toBe('activated')
  })

  test('counts only while somebody runs, and goes on after a crash where it was written down', async () => {
    const ca = await open()
    await ca.roots.rotate()
    await run(ca, 20)
    clock.advance(100 * DAY_MS)
    const after = await open()
    await run(after, 1)
    expect(after.roots.status().step).toBe('prepared')
    await run(after, 6)
    expect(after.roots.status().step).toBe('activated')
  })

  test('is for the certificates that live longest, also of a control plane that ran before', async () => {
    const short = await open({ leafLifeMs: HOUR_MS })
    await open({ leafLifeMs: 10 * DAY_MS })
    const ca = await open({ leafLifeMs: HOUR_MS })
    await ca.roots.rotate()
    expect(ca.roots.status().remainingMs).toBe(10 * DAY_MS + HOUR_MS)
    await expect(short.reload()).resolves.toBeUndefined()
    expect(short.roots.status().remainingMs).toBe(10 * DAY_MS + HOUR_MS)
  })

  test('of an authority that was kept by a version without this is for a day at least', async () => {
    await open()
    const ca = await open({ leafLifeMs: HOUR_MS })
    await ca.roots.rotate()
    expect(ca.roots.status().remainingMs).toBe(25 * HOUR_MS)
  })

  test('begins anew after a time in which the next root could not be used', async () => {
    const ca = await open()
    await ca.roots.rotate()
    await run(ca, 24)
    const { 'next-root': next = '' } = await directoryStore(dir).change(() => ({}))
    await writeFile(join(dir, 'next-root.pem'), 'nonsense')
    await ca.reload()
    await ca.roots.look()
    await writeFile(join(dir, 'next-root.pem'), next)
    await ca.reload()
    await ca.roots.look()
    expect(ca.roots.status()).toMatchObject({ step: 'prepared', remainingMs: 25 * HOUR_MS, problem: '' })
  })

  test('begins anew where its record is lost', async () => {
    const ca = await open()
    await ca.roots.rotate()
    await run(ca, 24)
    await rm(join(dir, 'rotation.json'))
    const after = await open()
    await run(after, 24)
    expect(after.roots.status().step).toBe('prepared')
    await run(after, 1.2)
    expect(after.roots.status().step).toBe('activated')
  })
})

describe('a crash', () => {
  /** Ends the process, so to speak, before the nth thing is done to files. */
  class Crash extends Error {}

  function crashingStore(afterWrites: number): AuthorityStore {
    const store = directoryStore(dir)
    return {
      ...store,
      change: async (decide) => {
        let crashed = false
        const after = await store.change(async (present) => {
          const all = Object.entries(await decide(present))
          crashed = all.length > afterWrites
          return Object.fromEntries(all.slice(0, afterWrites))
        })
        if (crashed) throw new Crash()
        return after
      },
    }
  }

  test.each([0, 1, 2])(
    'while a root is prepared, after %i writes, leaves one that signs, and the change goes on',
    async (writes) => {
      const before = await open()
      const crashing = await open({ store: crashingStore(writes) })
      await expect(crashing.roots.rotate()).rejects.toThrow(Crash)
      const after = await open()
      await after.roots.look()
      expect(isTrustedChain(toChain(await sign(after), before.trustBundlePem), clock.nowMs())).toBe(true)
      if (after.roots.status().step === 'steady') await after.roots.rotate()
      expect(after.roots.status()).toMatchObject({ step: 'prepared', remainingMs: 25 * HOUR_MS })
      await run(after, 51)
      expect(after.roots.status().step).toBe('steady')
      expect(after.trustBundlePem).not.toBe(before.trustBundlePem)
    },
  )

  test.each([0, 1, 2, 3, 4, 5])(
    'while it is activated, after %i writes, leaves one that signs, and both trusted',
    async (writes) => {
      const first = await open()
      await first.roots.rotate()
      const both = first.trustBundlePem
      await run(first, 24.9)
      const crashing = await open({ store: crashingStore(writes) })
      await expect(crashing.roots.activateNow()).rejects.toThrow(Crash)
      const after = await open()
      expect(after.trustBundlePem).toBe(both)
      expect(isTrustedChain(toChain(await sign(after), both), clock.nowMs())).toBe(true)
      for (let hours = 0; hours < 26 && after.roots.status().step === 'prepared'; hours++) await run(after, 1)
      expect(after.roots.status().step).toBe('activated')
      // The former one stays for as long as what it may have signed until now is valid.
      await run(after, 23.9)
      expect(after.trustBundlePem).toBe(both)
      await run(after, 2)
      expect(after.roots.status().step).toBe('steady')
      expect(readPemCertificates(after.trustBundlePem)).toHaveLength(1)
      expect(both.endsWith(after.trustBundlePem), 'the new one').toBe(true)
    },
  )

  test('while it is retired leaves the new one alone', async () => {
    const first = await open()
    await first.roots.rotate()
    await first.roots.activateNow()
    const crashing = await open({ store: crashingStore(1) })
    await expect(crashing.roots.retireNow()).rejects.toThrow(Crash)
    const after = await open()
    await after.roots.look()
    expect(after.roots.status().step).toBe('steady')
    expect(isTrustedChain(toChain(await sign(after), after.trustBundlePem), clock.nowMs())).toBe(true)
  })
})

describe('a full disk', () => {
  /** Takes so many changes of files, and after those none until there is room again. */
  function fullStore(afterWrites: number) {
    const disk = { isFull: true }
    const store = directoryStore(dir)
    const change: AuthorityStore['change'] = async (decide) => {
      let isRefused = false
      const after = await store.change(async (present) => {
        const all = Object.entries(await decide(present))
        isRefused = disk.isFull && all.length > afterWrites
        return Object.fromEntries(isRefused ? all.slice(0, afterWrites) : all)
      })
      if (isRefused) throw new Error('ENOSPC')
      return after
    }
    return { disk, store: { ...store, change } }
  }

  test.each([0, 1, 2, 3, 4, 5])(
    'while the next root is activated, after %i writes, is got over without a restart',
    async (writes) => {
      await (await open()).roots.rotate()
      const { disk, store } = fullStore(writes)
      const ca = await open({ store })
      const both = ca.trustBundlePem
      await expect(ca.roots.activateNow()).rejects.toThrow('ENOSPC')
      expect(isTrustedChain(toChain(await sign(ca), both), clock.nowMs())).toBe(true)
      await run(ca, 1)
      disk.isFull = false
      for (let hours = 0; hours < 27 && ca.roots.status().step !== 'activated'; hours++) await run(ca, 1)
      expect(ca.roots.status()).toMatchObject({ step: 'activated', problem: '' })
      expect(ca.trustBundlePem).toBe(both)
      const { remainingMs } = ca.roots.status()
      expect(remainingMs, 'what the former one signed until now is good for a day').toBeGreaterThan(23 * HOUR_MS)
      await run(ca, 26)
      expect(ca.roots.status().step).toBe('steady')
    },
  )
})

describe('a root that a person brings', () => {
  test('as the next one is taken over with the same waiting', async () => {
    const before = await open()
    const brought = await makeRoot({ trustDomain: TRUST_DOMAIN, nowMs: clock.nowMs() })
    await writeFile(join(dir, 'next-root.pem'), brought, { mode: 0o600 })
    const ca = await open()
    await ca.roots.look()
    expect(ca.roots.status()).toMatchObject({ step: 'prepared', remainingMs: 25 * HOUR_MS })
    await run(ca, 25.2)
    const { raw } = new X509Certificate(brought)
    expect(readPemCertificates(ca.trustBundlePem)[1]).toEqual(raw)
    const signed = await sign(ca)
    expect(isTrustedChain({ certificateChainPem: signed.chainPem, trustBundlePem: brought }, clock.nowMs())).toBe(true)
    expect(isTrustedChain(toChain(signed, before.trustBundlePem), clock.nowMs())).toBe(false)
  })

  test('in place of the next one that was made is waited for from its own beginning', async () => {
    const ca = await open()
    await ca.roots.rotate()
    await run(ca, 24)
    await bringNext(await makeRoot({ trustDomain: TRUST_DOMAIN, nowMs: clock.nowMs() }))
    const after = await open()
    await run(after, 24.9)
    expect(after.roots.status()).toMatchObject({ step: 'prepared', problem: '' })
    await run(after, 0.3)
    expect(after.roots.status().step).toBe('activated')
  })

  test('and that ends too soon never signs', async () => {
    await open()
    await bringNext(await makeRoot({ trustDomain: TRUST_DOMAIN, nowMs: clock.nowMs() - 3650 * DAY_MS + 30 * HOUR_MS }))
    const ca = await open()
    await run(ca, 60)
    expect(lines.join()).toMatch(/next-root.pem: it is valid until .* only/)
    await expect(ca.roots.activateNow()).rejects.toThrow('too short to sign')
    expect(ca.roots.status().step).toBe('prepared')
    expect((await sign(ca)).notAfterMs).toBe(clock.nowMs() + DAY_MS)
  })

  test('and that cannot be used is told of, left alone, and harms nobody', async () => {
    await open()
    await writeFile(join(dir, 'next-root.pem'), 'nonsense', { mode: 0o600 })
    const ca = await open()
    await ca.roots.look()
    expect(ca.roots.status()).toMatchObject({
      step: 'steady',
      problem: expect.stringContaining('next-root.pem: damaged'),
    })
    expect(lines.join()).toContain('next-root.pem: damaged')
    await sign(ca)
    await expect(ca.roots.rotate()).rejects.toThrow('next-root.pem: damaged')
    const { 'next-root': left } = await directoryStore(dir).change(() => ({}))
    expect(left).toBe('nonsense')
  })
})

/** With an issuer below it, so that nothing is left to be made. */
async function bringNext(root: string): Promise<void> {
  const place = { trustDomain: TRUST_DOMAIN, nowMs: clock.nowMs() }
  const issuer = await makeIssuer(place, await readAuthority('next-root.pem', root, TRUST_DOMAIN))
  await writeFile(join(dir, 'next-root.pem'), root, { mode: 0o600 })
  await writeFile(join(dir, 'next-issuer.pem'), issuer, { mode: 0o600 })
}

function toChain({ chainPem }: { readonly chainPem: string }, trustBundlePem: string) {
  return { certificateChainPem: chainPem, trustBundlePem }
}
