import { X509Certificate } from 'node:crypto'
import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readPemCertificates } from '@heddle/identity/certificate'
import { isTrustedChain } from '@heddle/identity/verify-chain'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HOUR_MS, RootWorld, sign, TRUST_DOMAIN, toChain } from '../../test/root-world.ts'
import { readAuthority } from './authority-key.ts'
import { directoryStore } from './authority-store.ts'
import type { CertificateAuthority } from './certificate-authority.ts'
import { makeIssuer, makeRoot } from './make-authority.ts'

const DAY_MS = 24 * HOUR_MS
const YEAR_MS = 365 * DAY_MS

let world: RootWorld

beforeEach(async () => {
  world = await RootWorld.create()
})
afterEach(() => world[Symbol.asyncDispose]())

function rootsIn(ca: CertificateAuthority): string[] {
  return ca.roots.status().roots.map(({ role }) => role)
}

describe('a change of the root', () => {
  test('lets everybody trust both before the new one signs, and until all that the former one signed has run out', async () => {
    const ca = await world.open()
    const before = await sign(ca)
    await ca.roots.rotate()
    expect(ca.roots.status()).toMatchObject({
      step: 'prepared',
      sinceMs: world.clock.nowMs(),
      remainingMs: 25 * HOUR_MS,
    })
    await world.run(ca, 24.9)
    const prepared = await sign(ca)
    expect(ca.roots.status().step).toBe('prepared')
    const oldBundle = ca.trustBundlePem

    await world.run(ca, 0.2)
    expect(ca.roots.status()).toMatchObject({ step: 'activated' })
    expect(world.clock.nowMs() - ca.roots.status().sinceMs).toBeLessThan(HOUR_MS)
    const activated = await sign(ca)
    expect(ca.trustBundlePem, 'nobody has to be told').toBe(oldBundle)
    await world.run(ca, 24.9)
    expect(ca.roots.status().step).toBe('activated')
    await world.run(ca, 0.2)

    expect(ca.roots.status()).toMatchObject({ step: 'steady', sinceMs: 0, remainingMs: 0 })
    expect(rootsIn(ca)).toEqual(['present'])
    // Whoever has the bundle of a step trusts what is signed until the next one is over.
    const trusts = (bundlePem: string, { chainPem }: typeof before) =>
      isTrustedChain({ certificateChainPem: chainPem, trustBundlePem: bundlePem }, world.clock.nowMs())
    expect([before, prepared, activated].map((one) => trusts(before.bundlePem, one))).toEqual([true, true, false])
    expect([before, prepared, activated].map((one) => trusts(prepared.bundlePem, one))).toEqual([true, true, true])
    expect([before, prepared, activated].map((one) => trusts(ca.trustBundlePem, one))).toEqual([false, false, true])
    expect(prepared.notAfterMs, 'what the former one signed has run out').toBeLessThan(world.clock.nowMs())
    expect((await readdir(world.dir)).sort()).toEqual(['issuer.pem', 'root.pem'])
    expect((await world.open()).trustBundlePem).toBe(ca.trustBundlePem)
  })

  test('keeps its files from others, and the key of the former root nowhere', async () => {
    const ca = await world.open()
    await ca.roots.rotate()
    const modes = async () => {
      const files = (await readdir(world.dir)).sort()
      return await Promise.all(files.map(async (file) => [file, (await stat(join(world.dir, file))).mode & 0o777]))
    }
    const ofBoth = ['issuer.pem', 'next-issuer.pem', 'next-root.pem', 'root.pem', 'rotation.json']
    expect(await modes()).toEqual(ofBoth.map((file) => [file, 0o600]))
    await ca.roots.activateNow()
    const ofOne = ['former-root.pem', 'issuer.pem', 'root.pem', 'rotation.json']
    expect(await modes()).toEqual(ofOne.map((file) => [file, 0o600]))
    const { 'former-root': former } = await directoryStore(world.dir).change(() => ({}))
    expect(former).not.toContain('PRIVATE KEY')
    expect(world.lines.join()).not.toContain('PRIVATE KEY')
  })

  test('begins by itself 90 days before the end', async () => {
    const ca = await world.open()
    world.clock.advance(10 * 365 * DAY_MS - 91 * DAY_MS)
    await ca.roots.look()
    expect(ca.roots.status()).toMatchObject({ step: 'steady', changesFromMs: world.clock.nowMs() + DAY_MS })
    world.clock.advance(DAY_MS)
    await ca.roots.look()
    expect(ca.roots.status()).toMatchObject({ step: 'prepared', changesFromMs: undefined })
    await world.run(ca, 51)
    expect(ca.health().rootNotAfterMs).toBeGreaterThan(world.clock.nowMs() + 9.9 * YEAR_MS)
    expect(ca.health().issuerNotAfterMs).toBeGreaterThan(world.clock.nowMs() + 0.9 * YEAR_MS)
  })

  test('is begun by nobody who may not, and only once', async () => {
    const follower = await world.open({ mayRotate: () => false })
    world.clock.advance(10 * 365 * DAY_MS - 30 * DAY_MS)
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
    const ca = await world.open()
    await ca.roots.rotate()
    await world.run(ca, 1)
    world.clock.setWall(300 * DAY_MS)
    await world.run(ca, 1)
    expect(ca.roots.status().step).toBe('prepared')
    world.clock.setWall(-300 * DAY_MS)
    await world.run(ca, 23.2)
    expect(ca.roots.status().step).toBe('activated')
  })

  test('counts only while somebody runs, and goes on after a crash where it was written down', async () => {
    const ca = await world.open()
    await ca.roots.rotate()
    await world.run(ca, 20)
    world.clock.advance(100 * DAY_MS)
    const after = await world.open()
    await world.run(after, 1)
    expect(after.roots.status().step).toBe('prepared')
    await world.run(after, 6)
    expect(after.roots.status().step).toBe('activated')
  })

  test('is for the certificates that live longest, also of a control plane that ran before', async () => {
    const short = await world.open({ leafLifeMs: HOUR_MS })
    await world.open({ leafLifeMs: 10 * DAY_MS })
    const ca = await world.open({ leafLifeMs: HOUR_MS })
    await ca.roots.rotate()
    expect(ca.roots.status().remainingMs).toBe(10 * DAY_MS + HOUR_MS)
    await expect(short.reload()).resolves.toBeUndefined()
    expect(short.roots.status().remainingMs).toBe(10 * DAY_MS + HOUR_MS)
  })

  test('of an authority that was kept by a version without this is for a day at least', async () => {
    await world.open()
    const ca = await world.open({ leafLifeMs: HOUR_MS })
    await ca.roots.rotate()
    expect(ca.roots.status().remainingMs).toBe(25 * HOUR_MS)
  })

  test('begins anew after a time in which the next root could not be used', async () => {
    const ca = await world.open()
    await ca.roots.rotate()
    await world.run(ca, 24)
    const { 'next-root': next = '' } = await directoryStore(world.dir).change(() => ({}))
    await writeFile(join(world.dir, 'next-root.pem'), 'nonsense')
    await ca.reload()
    await ca.roots.look()
    await writeFile(join(world.dir, 'next-root.pem'), next)
    await ca.reload()
    await ca.roots.look()
    expect(ca.roots.status()).toMatchObject({ step: 'prepared', remainingMs: 25 * HOUR_MS, problem: '' })
  })

  test('begins anew where its record is lost', async () => {
    const ca = await world.open()
    await ca.roots.rotate()
    await world.run(ca, 24)
    await rm(join(world.dir, 'rotation.json'))
    const after = await world.open()
    await world.run(after, 24)
    expect(after.roots.status().step).toBe('prepared')
    await world.run(after, 1.2)
    expect(after.roots.status().step).toBe('activated')
  })
})

describe('a root that a person brings', () => {
  test('as the next one is taken over with the same waiting', async () => {
    const before = await world.open()
    const brought = await makeRoot({ trustDomain: TRUST_DOMAIN, nowMs: world.clock.nowMs() })
    await writeFile(join(world.dir, 'next-root.pem'), brought, { mode: 0o600 })
    const ca = await world.open()
    await ca.roots.look()
    expect(ca.roots.status()).toMatchObject({ step: 'prepared', remainingMs: 25 * HOUR_MS })
    await world.run(ca, 25.2)
    const { raw } = new X509Certificate(brought)
    expect(readPemCertificates(ca.trustBundlePem)[1]).toEqual(raw)
    const signed = await sign(ca)
    expect(isTrustedChain({ certificateChainPem: signed.chainPem, trustBundlePem: brought }, world.clock.nowMs())).toBe(
      true,
    )
    expect(isTrustedChain(toChain(signed, before.trustBundlePem), world.clock.nowMs())).toBe(false)
  })

  test('in place of the next one that was made is waited for from its own beginning', async () => {
    const ca = await world.open()
    await ca.roots.rotate()
    await world.run(ca, 24)
    await bringNext(await makeRoot({ trustDomain: TRUST_DOMAIN, nowMs: world.clock.nowMs() }))
    const after = await world.open()
    await world.run(after, 24.9)
    expect(after.roots.status()).toMatchObject({ step: 'prepared', problem: '' })
    await world.run(after, 0.3)
    expect(after.roots.status().step).toBe('activated')
  })

  test('and that ends too soon never signs', async () => {
    await world.open()
    await bringNext(
      await makeRoot({ trustDomain: TRUST_DOMAIN, nowMs: world.clock.nowMs() - 3650 * DAY_MS + 30 * HOUR_MS }),
    )
    const ca = await world.open()
    await world.run(ca, 60)
    expect(world.lines.join()).toMatch(/next-root.pem: it is valid until .* only/)
    await expect(ca.roots.activateNow()).rejects.toThrow('too short to sign')
    expect(ca.roots.status().step).toBe('prepared')
    expect((await sign(ca)).notAfterMs).toBe(world.clock.nowMs() + DAY_MS)
  })

  test('and that cannot be used is told of, left alone, and harms nobody', async () => {
    await world.open()
    await writeFile(join(world.dir, 'next-root.pem'), 'nonsense', { mode: 0o600 })
    const ca = await world.open()
    await ca.roots.look()
    expect(ca.roots.status()).toMatchObject({
      step: 'steady',
      problem: expect.stringContaining('next-root.pem: damaged'),
    })
    expect(world.lines.join()).toContain('next-root.pem: damaged')
    await sign(ca)
    await expect(ca.roots.rotate()).rejects.toThrow('next-root.pem: damaged')
    const { 'next-root': left } = await directoryStore(world.dir).change(() => ({}))
    expect(left).toBe('nonsense')
  })
})

/** With an issuer below it, so that nothing is left to be made. */
async function bringNext(root: string): Promise<void> {
  const place = { trustDomain: TRUST_DOMAIN, nowMs: world.clock.nowMs() }
  const issuer = await makeIssuer(place, await readAuthority('next-root.pem', root, TRUST_DOMAIN))
  await writeFile(join(world.dir, 'next-root.pem'), root, { mode: 0o600 })
  await writeFile(join(world.dir, 'next-issuer.pem'), issuer, { mode: 0o600 })
}
