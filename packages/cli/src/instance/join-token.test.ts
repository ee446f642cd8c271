import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { JoinToken } from './join-token.ts'

function world() {
  const clock = new ManualClock()
  const files = new Map<string, string>()
  const bundles: string[] = []
  const reported: string[] = []
  const self = { clock, files, bundles, reported, minted: 0, failing: false, token: undefined as unknown as JoinToken }
  self.token = new JoinToken({
    name: 'shop.web-0',
    clock,
    runtime: {
      writeSecret: async (name, text) => {
        files.set(name, text)
        return `/secrets/${name}`
      },
      removeSecret: async (name) => void files.delete(name),
      writeTrustBundle: async (pem) => void bundles.push(pem),
    },
    mintToken: async () => {
      if (self.failing) throw new Error('the control plane does not answer')
      self.minted += 1
      return { token: `token-${self.minted}`, trustBundlePem: `bundle-${self.minted}` }
    },
    report: (line) => void reported.push(line),
  })
  return self
}

describe('JoinToken', () => {
  test('is there for the start of a proxy, and gone once it was used', async () => {
    const { token, files } = world()
    expect(await token.write()).toBe('/secrets/shop.web-0')
    expect([...files]).toEqual([['shop.web-0', 'token-1']])
    await token.remove()
    expect(files.size).toBe(0)
  })

  test('is made anew when a running proxy asks, once however often it asks, and taken away after a minute', async () => {
    const { token, files, clock, reported } = world()
    await token.write()
    await token.remove()
    token.renew('no join token')
    token.renew('no join token')
    await clock.advanceAsync(59_000)
    expect([...files.values()]).toEqual(['token-2'])
    const given = 'it has a new join token, by which it gets a certificate'
    expect(reported).toEqual([expect.stringContaining('no join token'), given])
    await clock.advanceAsync(2_000)
    expect(files.size).toBe(0)
    token.renew('the join token was used already')
    await clock.advanceAsync(1)
    expect([...files.values()]).toEqual(['token-3'])
    expect(reported.slice(2)).toEqual([expect.stringContaining('the join token was used already'), given])
  })

  test('is followed by another while it lies there, once it was used and the root was replaced again', async () => {
    const { token, files, clock } = world()
    token.renew('there is no join token')
    await clock.advanceAsync(1_000)
    token.renew('the join token was used already')
    token.renew('the join token was used already')
    await clock.advanceAsync(1)
    expect([...files.values()]).toEqual(['token-2'])
    await clock.advanceAsync(59_000)
    expect([...files.values()]).toEqual(['token-2'])
    await clock.advanceAsync(2_000)
    expect(files.size).toBe(0)
  })

  test('comes with what is trusted by now', async () => {
    const { token, bundles } = world()
    await token.write()
    await token.write()
    expect(bundles).toEqual(['bundle-1', 'bundle-2'])
  })

  test('is made at the next question when the control plane was away, and each thing is said once', async () => {
    const self = world()
    self.failing = true
    for (let turn = 0; turn < 3; turn++) {
      self.token.renew('no join token')
      await self.clock.advanceAsync(1)
    }
    expect(self.files.size).toBe(0)
    self.failing = false
    self.token.renew('no join token')
    await self.clock.advanceAsync(1)
    expect([...self.files.values()]).toEqual(['token-1'])
    expect(self.reported).toEqual([
      'its certificate has expired, and a new one needs a join token (no join token)',
      'no join token for it yet: the control plane does not answer',
      'it has a new join token, by which it gets a certificate',
    ])
  })

  test('of a proxy that starts again is not taken away by an earlier question', async () => {
    const { token, files, clock } = world()
    token.renew('no join token')
    await clock.advanceAsync(1)
    await token.write()
    await clock.advanceAsync(120_000)
    expect([...files.values()]).toEqual(['token-2'])
  })
})
