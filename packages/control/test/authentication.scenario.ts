import { Code, ConnectError } from '@connectrpc/connect'
import { AdminService } from '@heddle/api/admin'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { createTestCa } from '@heddle/testkit/test-ca'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ClientTls, type ControlWorld, createControlWorld } from './control-world.ts'
import { nodeOf } from './discovery-world.ts'
import { serviceYaml } from './mesh-objects.ts'

const WEB = 'spiffe://heddle.local/ns/shop/sa/web'
const DAY_MS = 86_400_000

let world: ControlWorld
const tls = new Map<string, ClientTls>()

beforeAll(async () => {
  world = await createControlWorld(serviceYaml('web'))
  // The first certificate makes the authority, so that one of 30 days ago was valid then.
  tls.set('expired', await world.certificate('shop', 'web', new ManualClock(Date.now() - 30 * DAY_MS)))
  await world.start()
  const foreign = await createTestCa()
  tls.set('web', await world.certificate('shop', 'web'))
  tls.set('cart', await world.certificate('shop', 'cart'))
  tls.set('other namespace', await world.certificate('other', 'web'))
  tls.set('foreign', await foreign.issueFor(WEB))
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

const REFUSALS = [
  { who: 'nobody', code: Code.Unauthenticated },
  { who: 'foreign', code: Code.Unauthenticated },
  { who: 'expired', code: Code.Unauthenticated },
  { who: 'other namespace', code: Code.PermissionDenied },
  { who: 'cart', code: Code.PermissionDenied },
]

describe('discovery', () => {
  test.each(REFUSALS)('of web is refused for: $who', async ({ who, code }) => {
    const discovery = await world.discovery(tls.get(who))
    const watch = async () => {
      for await (const _ of discovery.watch({ node: nodeOf('web'), healthy: true })) return 'accepted'
      return 'ended'
    }
    await expect(watch()).rejects.toMatchObject({ code })
  })

  test('of web is open for web', async () => {
    const watch = await world.watch(nodeOf('web'))
    expect((await watch.messages.next()).value).toMatchObject({ sequence: 1n })
    watch.end()
  })
})

describe('telemetry', () => {
  const report = { namespace: 'shop', workload: 'web', instance: 'web-7', epoch: 'e', sequence: 1n, intervalMs: 1_000 }

  test.each(REFUSALS)('of web is refused for: $who', async ({ who, code }) => {
    const watch = await world.watch(nodeOf('web', 7))
    await watch.messages.next()
    const telemetry = await world.telemetry(tls.get(who))
    await expect(telemetry.report(report)).rejects.toMatchObject({ code })
    watch.end()
  })

  test('of an instance that never registered is refused, also for web', async () => {
    const telemetry = await world.telemetry(tls.get('web'))
    const unknown = { ...report, instance: 'web-8' }
    await expect(telemetry.report(unknown)).rejects.toMatchObject({ code: Code.FailedPrecondition })
  })

  test('of web is taken from web', async () => {
    const watch = await world.watch(nodeOf('web', 7))
    await watch.messages.next()
    const telemetry = await world.telemetry(watch.tls)
    expect(await telemetry.report(report)).toMatchObject({ intervalMs: 0 })
    watch.end()
  })
})

describe('the admin service', () => {
  test.each([
    { name: 'no token', headers: {} },
    { name: 'another token', headers: { authorization: `Bearer ${'0'.repeat(64)}` } },
    { name: 'no bearer', headers: { authorization: '0'.repeat(64) } },
  ])('is closed with $name', async ({ headers }) => {
    const admin = await world.client(AdminService, { headers, tls: tls.get('web')! })
    await expect(admin.getVersion({})).rejects.toMatchObject({ code: Code.Unauthenticated })
  })

  test.each([{ httpVersion: '1.1' as const }, { httpVersion: '2' as const }])(
    'is open with the token, over HTTP/$httpVersion',
    async ({ httpVersion }) => {
      const admin = await world.admin({ httpVersion })
      expect(await admin.getVersion({})).toMatchObject({ trustDomain: 'heddle.local' })
    },
  )

  test('is closed to a certificate that is not valid, also with the token', async () => {
    const admin = await world.admin({ tls: tls.get('foreign')! })
    await expect(admin.getVersion({})).rejects.toMatchObject({ code: Code.Unauthenticated })
  })
})

describe('signing', () => {
  test.each([{ who: 'foreign' }, { who: 'expired' }])('is refused for: $who, whatever the token', async ({ who }) => {
    const { token } = await (await world.admin()).createJoinToken({
      namespace: 'shop',
      serviceAccount: 'web',
      ttlMs: 60_000,
    })
    const identity = await world.identity(tls.get(who))
    const csr = new Uint8Array([1])
    await expect(identity.sign({ csr, joinToken: token })).rejects.toMatchObject({ code: Code.Unauthenticated })
  })

  test('is refused without certificate and token', async () => {
    const identity = await world.identity()
    await expect(identity.sign({ csr: new Uint8Array([1]) })).rejects.toMatchObject({ code: Code.Unauthenticated })
  })
})

test('a refusal says why, and no secret is logged', async () => {
  const discovery = await world.discovery(tls.get('expired'))
  const error: unknown = await discovery.acknowledge({}).catch((failure: unknown) => failure)
  expect(ConnectError.from(error).rawMessage).toContain('CERT_HAS_EXPIRED')
  const { token } = await (await world.admin()).createJoinToken({
    namespace: 'shop',
    serviceAccount: 'web',
    ttlMs: 60_000,
  })
  const secret = token.split('.')[2] ?? token
  expect(world.logged.join('')).not.toContain(secret)
  expect(world.logged.join('')).toContain('client certificate refused')
})
