import { createLog } from '@heddle/base/log'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { FakeObjects } from '../../test/fake-objects.ts'
import { openCertificateAuthority } from './certificate-authority.ts'
import { secretStore } from './secret-store.ts'

const YEAR_MS = 365 * 86_400_000

function world() {
  const client = new FakeObjects()
  const clock = new ManualClock()
  const lines: string[] = []
  const log = createLog((line) => lines.push(line), 'debug')
  const open = (mayRotate = () => true) => {
    const store = secretStore({ client, namespace: 'heddle', name: 'heddle-authority', labels: { part: 'x' } })
    return openCertificateAuthority({ store, trustDomain: 'heddle.local', clock, log, mayRotate })
  }
  return { client, clock, lines, open }
}

function keptIn({ client }: { readonly client: FakeObjects }) {
  const secret = client.objects.get('heddle/heddle-authority') as { readonly data?: Record<string, string> } | undefined
  const texts = Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()])
  return Object.fromEntries(texts) as Record<string, string>
}

describe('an authority in a Secret', () => {
  test('is made once by replicas that start together, and used by all', async () => {
    const self = world()
    const authorities = await Promise.all(Array.from({ length: 5 }, () => self.open()))
    expect(new Set(authorities.map(({ trustBundlePem }) => trustBundlePem)).size).toBe(1)
    expect(new Set(authorities.map((one) => one.health().issuerNotAfterMs)).size).toBe(1)
    expect(Object.keys(keptIn(self)).sort()).toEqual(['issuer.pem', 'root.pem'])
    expect(self.client.writes).toBe(1)
    expect(self.client.objects.get('heddle/heddle-authority')).toMatchObject({
      type: 'Opaque',
      metadata: { labels: { part: 'x' } },
    })
  })

  test('never shows its keys in the log', async () => {
    const self = world()
    await self.open()
    self.clock.advance(0.8 * YEAR_MS)
    await (await self.open()).rotateWhenDue()
    const kept = Object.values(keptIn(self)).join('')
    const secrets = [...kept.matchAll(/BEGIN PRIVATE KEY-----\n(.+)\n/g)].map(([, line]) => line!)
    expect(secrets.length).toBe(2)
    for (const secret of secrets) expect(self.lines.join('')).not.toContain(secret)
    expect(self.lines.join('')).not.toContain('PRIVATE KEY')
  })

  test('gets a new issuer from the leader alone, and the others follow', async () => {
    const self = world()
    const leader = await self.open()
    const follower = await self.open(() => false)
    const before = follower.health().issuerNotAfterMs
    self.clock.advance(0.75 * YEAR_MS)
    await follower.rotateWhenDue()
    expect(follower.health().issuerNotAfterMs).toBe(before)
    await leader.rotateWhenDue()
    expect(leader.health().issuerNotAfterMs).toBeGreaterThan(before)
    await follower.reload()
    expect(follower.health()).toEqual(leader.health())
    expect(follower.trustBundlePem).toBe(leader.trustBundlePem)
  })

  test('has one new issuer, also when two take themselves for the leader', async () => {
    const self = world()
    const [one, other] = await Promise.all([self.open(), self.open()])
    self.clock.advance(0.75 * YEAR_MS)
    await Promise.all([one.rotateWhenDue(), other.rotateWhenDue()])
    expect(one.health()).toEqual(other.health())
    expect(self.client.writes).toBe(2)
  })

  test('has a new issuer by whichever replica needs it where the old one has expired, so that one can start and lead', async () => {
    const self = world()
    const { trustBundlePem } = await self.open()
    self.clock.advance(1.1 * YEAR_MS)
    const [one, other] = await Promise.all([self.open(() => false), self.open(() => false)])
    await Promise.all([one.rotateWhenDue(), other.rotateWhenDue()])
    expect(one.health().issuerNotAfterMs).toBe(self.clock.nowMs() + YEAR_MS)
    expect(other.health()).toEqual(one.health())
    expect(one.trustBundlePem).toBe(trustBundlePem)
    expect(self.client.writes).toBe(2)
  })

  test('is not written any more once the issuer lives as long as its root', async () => {
    const self = world()
    const authority = await self.open()
    const { rootNotAfterMs } = authority.health()
    self.clock.advance(rootNotAfterMs - self.clock.nowMs() - YEAR_MS / 2)
    await authority.rotateWhenDue()
    expect(authority.health().issuerNotAfterMs).toBe(rootNotAfterMs)
    const { writes } = self.client
    self.clock.advance(YEAR_MS)
    await authority.rotateWhenDue()
    await authority.rotateWhenDue()
    expect(self.client.writes).toBe(writes)
  })

  test('is put back when somebody removed it', async () => {
    const self = world()
    const authority = await self.open()
    const kept = keptIn(self)
    self.client.objects.clear()
    await authority.reload()
    expect(keptIn(self)).toEqual(kept)
  })

  test('is not changed under the feet of who runs: another root is told, and not used', async () => {
    const self = world()
    const authority = await self.open()
    const { trustBundlePem } = authority
    self.client.objects.clear()
    await self.open()
    await expect(authority.reload()).rejects.toThrow('Secret heddle/heddle-authority, key root.pem: another root')
    expect(authority.trustBundlePem).toBe(trustBundlePem)
  })
})
