import { readPemCertificates } from '@heddle/identity/certificate'
import { isTrustedChain } from '@heddle/identity/verify-chain'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HOUR_MS, RootWorld, sign, toChain } from '../../test/root-world.ts'
import { type AuthorityStore, directoryStore } from './authority-store.ts'

let world: RootWorld

beforeEach(async () => {
  world = await RootWorld.create()
})
afterEach(() => world[Symbol.asyncDispose]())

describe('a crash', () => {
  /** Ends the process, so to speak, before the nth thing is done to files. */
  class Crash extends Error {}

  function crashingStore(afterWrites: number): AuthorityStore {
    const store = directoryStore(world.dir)
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
      const before = await world.open()
      const crashing = await world.open({ store: crashingStore(writes) })
      await expect(crashing.roots.rotate()).rejects.toThrow(Crash)
      const after = await world.open()
      await after.roots.look()
      expect(isTrustedChain(toChain(await sign(after), before.trustBundlePem), world.clock.nowMs())).toBe(true)
      if (after.roots.status().step === 'steady') await after.roots.rotate()
      expect(after.roots.status()).toMatchObject({ step: 'prepared', remainingMs: 25 * HOUR_MS })
      await world.run(after, 51)
      expect(after.roots.status().step).toBe('steady')
      expect(after.trustBundlePem).not.toBe(before.trustBundlePem)
    },
  )

  test.each([0, 1, 2, 3, 4, 5])(
    'while it is activated, after %i writes, leaves one that signs, and both trusted',
    async (writes) => {
      const first = await world.open()
      await first.roots.rotate()
      const both = first.trustBundlePem
      await world.run(first, 24.9)
      const crashing = await world.open({ store: crashingStore(writes) })
      await expect(crashing.roots.activateNow()).rejects.toThrow(Crash)
      const after = await world.open()
      expect(after.trustBundlePem).toBe(both)
      expect(isTrustedChain(toChain(await sign(after), both), world.clock.nowMs())).toBe(true)
      for (let hours = 0; hours < 26 && after.roots.status().step === 'prepared'; hours++) await world.run(after, 1)
      expect(after.roots.status().step).toBe('activated')
      // The former one stays for as long as what it may have signed until now is valid.
      await world.run(after, 23.9)
      expect(after.trustBundlePem).toBe(both)
      await world.run(after, 2)
      expect(after.roots.status().step).toBe('steady')
      expect(readPemCertificates(after.trustBundlePem)).toHaveLength(1)
      expect(both.endsWith(after.trustBundlePem), 'the new one').toBe(true)
    },
  )

  test('while it is retired leaves the new one alone', async () => {
    const first = await world.open()
    await first.roots.rotate()
    await first.roots.activateNow()
    const crashing = await world.open({ store: crashingStore(1) })
    await expect(crashing.roots.retireNow()).rejects.toThrow(Crash)
    const after = await world.open()
    await after.roots.look()
    expect(after.roots.status().step).toBe('steady')
    expect(isTrustedChain(toChain(await sign(after), after.trustBundlePem), world.clock.nowMs())).toBe(true)
  })
})

describe('a full disk', () => {
  /** Takes so many changes of files, and after those none until there is room again. */
  function fullStore(afterWrites: number) {
    const disk = { isFull: true }
    const store = directoryStore(world.dir)
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
      await (await world.open()).roots.rotate()
      const { disk, store } = fullStore(writes)
      const ca = await world.open({ store })
      const both = ca.trustBundlePem
      await expect(ca.roots.activateNow()).rejects.toThrow('ENOSPC')
      expect(isTrustedChain(toChain(await sign(ca), both), world.clock.nowMs())).toBe(true)
      await world.run(ca, 1)
      disk.isFull = false
      for (let hours = 0; hours < 27 && ca.roots.status().step !== 'activated'; hours++) await world.run(ca, 1)
      expect(ca.roots.status()).toMatchObject({ step: 'activated', problem: '' })
      expect(ca.trustBundlePem).toBe(both)
      const { remainingMs } = ca.roots.status()
      expect(remainingMs, 'what the former one signed until now is good for a day').toBeGreaterThan(23 * HOUR_MS)
      await world.run(ca, 26)
      expect(ca.roots.status().step).toBe('steady')
    },
  )
})
