import type { FaultJson, ValueMatchJson } from '@heddle/api/discovery/route'
import { describe, expect, test } from 'vitest'
import type { HttpVersion } from '../src/exchange/http-version.ts'
import { GrpcClient } from './harness/grpc-peer.ts'
import { dial } from './harness/peer.ts'
import { BACKENDS, httpRoute, startRoutedMesh } from './harness/routed.ts'
import { waitFor } from './harness/wait-for.ts'
import { World } from './harness/world.ts'

const VERSIONS: readonly { version: HttpVersion; hops: 1 | 2 }[] = [
  { version: 'http1', hops: 1 },
  { version: 'http2', hops: 1 },
  { version: 'http1', hops: 2 },
  { version: 'http2', hops: 2 },
]
const ALWAYS = { policy: 'shop/chaos', perMillion: 1_000_000, untilMs: '9999999999999' } as const

function routesWith(...faults: FaultJson[]) {
  return [httpRoute({ backends: [...BACKENDS.v1], faults })]
}

describe.each(VERSIONS)('$version over $hops hops', ({ version, hops }) => {
  test('a delay holds the request, and lets it go on', async () => {
    await using world = await World.create()
    const mesh = await startRoutedMesh(world, { version, hops, routes: routesWith({ ...ALWAYS, delayMs: 150 }) })
    const startMs = performance.now()
    const { body } = await mesh.ask({ method: 'POST', body: 'kept meanwhile' })
    expect(body).toBe('v1')
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(145)
    expect(mesh.v1.received[0]!.body).toBe('kept meanwhile')
    expect(mesh.proxy.metric('heddle_faults_injected_total{fault="delay",policy="shop/chaos"}')).toBe(1)
  })

  test('an abort answers in place of the application, and says that it is on purpose', async () => {
    await using world = await World.create()
    const mesh = await startRoutedMesh(world, { version, hops, routes: routesWith({ ...ALWAYS, abortStatus: 418 }) })
    const { status, headers, body } = await mesh.ask({ method: 'POST', body: 'hello' })
    expect([status, headers['heddle-error']]).toEqual([418, 'fault_abort'])
    expect(body).toContain('on purpose')
    expect(mesh.v1.received).toEqual([])
    expect(mesh.proxy.metric('heddle_errors_total{error="fault_abort",source="fault_injection"}')).toBe(1)
    expect(mesh.proxy.metric('heddle_faults_injected_total{fault="abort",policy="shop/chaos"}')).toBe(1)
    expect(mesh.proxy.logged.join('')).toContain('FaultPolicy shop/chaos')
  })

  test('a reset breaks the stream off without an answer', async () => {
    await using world = await World.create()
    const mesh = await startRoutedMesh(world, { version, hops, routes: routesWith({ ...ALWAYS, reset: true }) })
    await expect(mesh.ask()).rejects.toThrow()
    expect(mesh.v1.received).toEqual([])
    expect(mesh.proxy.metric('heddle_errors_total{error="fault_reset",source="fault_injection"}')).toBe(1)
  })

  test('a truncated answer ends behind the bytes that are let through', async () => {
    await using world = await World.create()
    const routes = routesWith({ ...ALWAYS, truncateBodyBytes: 1000 })
    const mesh = await startRoutedMesh(world, { version, hops, routes, answer: { body: 'x'.repeat(50_000) } })
    await expect(mesh.ask()).rejects.toThrow()
    expect(mesh.proxy.metric('heddle_errors_total{error="fault_truncate",source="fault_injection"}')).toBe(1)
    expect(mesh.proxy.traffic.errors).toEqual(['fault_truncate'])
  })

  test('a slowed answer comes whole, at that pace', async () => {
    await using world = await World.create()
    const routes = routesWith({ ...ALWAYS, throttleBytesPerSecond: 20_000 })
    const body = 'abcdefgh'.repeat(1000)
    const mesh = await startRoutedMesh(world, { version, hops, routes, answer: { body } })
    const startMs = performance.now()
    const answer = await mesh.ask()
    const tookMs = performance.now() - startMs
    expect(answer.body).toBe(body)
    // 8,000 bytes at 20,000 a second, and what a busy machine may add.
    expect(tookMs).toBeGreaterThan(330)
    expect(tookMs).toBeLessThan(30_000)
  })
})

test('what was let through of a truncated answer reaches the client', async () => {
  await using world = await World.create()
  const routes = routesWith({ ...ALWAYS, truncateBodyBytes: 1000 })
  const mesh = await startRoutedMesh(world, { version: 'http1', routes, answer: { body: 'x'.repeat(5_000) } })
  using web = await dial(mesh.proxy.port)
  web.send('GET / HTTP/1.1\r\nhost: cart.shop\r\n\r\n')
  await web.untilClosed()
  const [, body = ''] = web.received.split('\r\n\r\n')
  expect(body.replace(/[^x]/g, '').length).toBe(1000)
})

test('an exact share hits just so many, only requests with the header, and the same again with the same seed', async () => {
  const headers: ValueMatchJson[] = [{ type: 'MATCH_TYPE_EXACT', name: 'x-test', value: 'yes' }]
  const fault: FaultJson = { ...ALWAYS, perMillion: 250_000, exact: true, seed: 7, abortStatus: 500, headers }
  const run = async () => {
    await using world = await World.create()
    const mesh = await startRoutedMesh(world, { version: 'http1', faults: [fault] })
    const statuses: number[] = []
    for (let i = 0; i < 20; i++) statuses.push((await mesh.ask({ headers: { 'x-test': 'yes' } })).status)
    expect((await mesh.ask()).status).toBe(200)
    return statuses
  }
  const first = await run()
  expect(first.filter((status) => status === 500).length).toBe(5)
  expect(await run()).toEqual(first)
})

test('a fault that has ended does nothing', async () => {
  await using world = await World.create()
  const mesh = await startRoutedMesh(world, {
    version: 'http1',
    routes: routesWith({ ...ALWAYS, untilMs: '1000', abortStatus: 500 }),
  })
  expect((await mesh.ask()).body).toBe('v1')
})

test('the faults of a rule come before those of the Service', async () => {
  await using world = await World.create()
  const routes = routesWith({ ...ALWAYS, abortStatus: 501 })
  const mesh = await startRoutedMesh(world, { version: 'http1', routes, faults: [{ ...ALWAYS, abortStatus: 502 }] })
  expect((await mesh.ask()).status).toBe(501)
})

test.each([
  { fault: { abortGrpcStatus: 8 }, status: '8' },
  { fault: { abortStatus: 503 }, status: '14' },
])('a call of gRPC that is aborted by $fault ends with status $status', async ({ fault, status }) => {
  await using world = await World.create()
  const mesh = await startRoutedMesh(world, { version: 'http2', routes: routesWith({ ...ALWAYS, ...fault }) })
  const call = world.keep(new GrpcClient(mesh.proxy.port)).call()
  expect(await call.status()).toBe(status)
  expect(call.head?.['heddle-error']).toBe('fault_abort')
  expect(mesh.proxy.traffic.grpcStatuses).toEqual([Number(status)])
})

test('a status of gRPC is one of HTTP to whoever does not speak it', async () => {
  await using world = await World.create()
  const mesh = await startRoutedMesh(world, { version: 'http1', routes: routesWith({ ...ALWAYS, abortGrpcStatus: 8 }) })
  expect((await mesh.ask()).status).toBe(429)
})

test('a client that goes away in a delay takes it along', async () => {
  await using world = await World.create()
  const mesh = await startRoutedMesh(world, { version: 'http1', routes: routesWith({ ...ALWAYS, delayMs: 60_000 }) })
  const web = await dial(mesh.proxy.port)
  web.send('GET / HTTP/1.1\r\nhost: cart.shop\r\n\r\n')
  await waitFor('the delay', () => mesh.proxy.metric('heddle_faults_injected_total{fault="delay"') === 1)
  web.socket.resetAndDestroy()
  await waitFor('the end', () => mesh.proxy.traffic.errors.length === 1)
  expect(mesh.proxy.traffic.errors).toEqual(['client_reset'])
  expect(mesh.v1.received).toEqual([])
})
