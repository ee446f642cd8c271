import type { KubeObject, ObjectName } from '@heddle/kube/client'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { FakeObjects } from '../../test/fake-objects.ts'
import { SharedJoinTokens } from './shared-join-tokens.ts'

const FOR_VM = { namespace: 'shop', serviceAccount: 'vm', ttlMs: 60_000, reusable: false }

function world() {
  const client = new FakeObjects()
  const clock = new ManualClock()
  const rules = { trustDomain: 'heddle.local', clock, labels: {} }
  const replica = () => new SharedJoinTokens({ client, namespace: 'heddle', name: 'heddle-join-tokens', ...rules })
  return { client, clock, one: replica(), other: replica() }
}

describe('join tokens that replicas share', () => {
  test('are made by one and redeemed by another', async () => {
    const { one, other } = world()
    const { token } = await one.create(FOR_VM)
    expect(await other.check(token)).toMatchObject({ kind: 'good', spiffeId: 'spiffe://heddle.local/ns/shop/sa/vm' })
    expect(await other.redeem(token, 'key')).toMatchObject({ kind: 'good' })
    expect(await one.check(token, 'another key')).toEqual({ kind: 'refused', reason: 'token_used' })
  })

  test('are used up once, also when both are asked at the same time', async () => {
    const { one, other } = world()
    const { token } = await one.create(FOR_VM)
    const verdicts = await Promise.all([one.redeem(token, 'key'), other.redeem(token, 'another key')])
    expect(verdicts.map(({ kind }) => kind).sort()).toEqual(['good', 'refused'])
  })

  test('are not lost when both make some at the same time', async () => {
    const { one, other } = world()
    const made = await Promise.all([one, other, one, other].map((tokens) => tokens.create(FOR_VM)))
    for (const { token } of made) expect(await one.check(token)).toMatchObject({ kind: 'good' })
  })

  test('are read once for many who ask at the same time, and never for what is no token', async () => {
    const { client, one } = world()
    const { token } = await one.create(FOR_VM)
    let reads = 0
    const get = client.get.bind(client)
    client.get = (ref) => {
      reads += 1
      return get(ref)
    }
    const guess = `hdl1.${'a'.repeat(12)}.${'b'.repeat(43)}`
    const verdicts = await Promise.all(Array.from({ length: 500 }, (_, at) => one.check(at === 300 ? token : guess)))
    expect(verdicts.filter(({ kind }) => kind === 'good')).toHaveLength(1)
    expect(reads).toBeLessThanOrEqual(2)
    expect(await one.check('hdl1.no.token')).toEqual({ kind: 'refused', reason: 'token_malformed' })
    expect(reads).toBeLessThanOrEqual(2)
  })

  test('are checked against what is there after the question', async () => {
    const { client, one, other } = world()
    const started = Promise.withResolvers<void>()
    const blocked = Promise.withResolvers<void>()
    const get = client.get.bind(client)
    let isFirst = true
    client.get = async <T extends KubeObject>(ref: ObjectName) => {
      const found = structuredClone(await get<T>(ref))
      if (!isFirst) return found
      isFirst = false
      started.resolve()
      await blocked.promise
      return found
    }
    const early = one.check(`hdl1.${'a'.repeat(12)}.${'b'.repeat(43)}`)
    await started.promise
    const { token } = await other.create(FOR_VM)
    const late = one.check(token)
    blocked.resolve()
    expect(await early).toEqual({ kind: 'refused', reason: 'token_unknown' })
    expect(await late).toMatchObject({ kind: 'good' })
  })

  test('can be checked again after the API server was away', async () => {
    const { client, one } = world()
    const { token } = await one.create(FOR_VM)
    const get = client.get.bind(client)
    client.get = () => Promise.reject(new Error('away'))
    await expect(Promise.all([one.check(token), one.check(token)])).rejects.toThrow('away')
    client.get = get
    expect(await one.check(token)).toMatchObject({ kind: 'good' })
  })

  test('are kept as hashes', async () => {
    const { client, one } = world()
    const { token } = await one.create(FOR_VM)
    const secret = client.objects.get('heddle/heddle-join-tokens') as unknown as { data: Record<string, string> }
    const kept = Buffer.from(secret.data['join-tokens.json']!, 'base64').toString()
    expect(kept).toContain(token.split('.')[1])
    expect(kept).not.toContain(token.split('.')[2])
  })

  test.each([
    { text: '[]', says: 'damaged; delete it, and make new join tokens' },
    {
      text: '{"version":7}',
      says: 'a later version of Heddle wrote it (its format is 7, this version reads 1); go on with that version, or delete it',
    },
  ])('in a Secret of $text are refused', async ({ text, says }) => {
    const { client, one } = world()
    await one.create(FOR_VM)
    const secret = client.objects.get('heddle/heddle-join-tokens')!
    const data = { 'join-tokens.json': Buffer.from(text).toString('base64') }
    client.objects.set('heddle/heddle-join-tokens', Object.assign(secret, { data }))
    await expect(one.create(FOR_VM)).rejects.toThrow(`Secret heddle/heddle-join-tokens: ${says}`)
  })
})
