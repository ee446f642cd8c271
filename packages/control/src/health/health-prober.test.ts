import { createServer, type Server } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, describe, expect, test } from 'vitest'
import { parseObjects, serviceYaml } from '../../test/mesh-objects.ts'
import { createModel } from '../model/model.ts'
import { HealthProber } from './health-prober.ts'
import { type Probe, type ProbeResult, runProbe } from './probe.ts'

const CHECK = 'healthCheck: { httpGet: { path: /live, port: http }, periodSeconds: 10, failureThreshold: 3 }'
const LEGACY = serviceYaml('legacy', `addresses: [192.0.2.1, 192.0.2.2]\n  ${CHECK}`)

/** Two instances of `legacy`; the test says which answer. */
function world(yaml: string) {
  const clock = new ManualClock()
  const ended = new AbortController()
  const model = createModel({ clock, signal: ended.signal })
  model.applyObjects({ upserted: parseObjects(yaml), removed: [] })
  const asked: Probe[] = []
  const failing = new Set<string>()
  const probe = async (one: Probe): Promise<ProbeResult> => {
    asked.push(one)
    return failing.has(one.address) ? 'answered with status 503' : undefined
  }
  const log = createLog(() => undefined, 'off')
  const prober = new HealthProber({ model, clock, log, probe }, ended.signal)
  const states = () => model.instances('').map(({ state, reason }) => (reason === '' ? state : `${state}: ${reason}`))
  return { clock, model, asked, failing, prober, states, end: () => ended.abort() }
}

describe('HealthProber', () => {
  test('asks each address as its Workload says, by the named port', async () => {
    const { clock, asked } = world(LEGACY)
    await clock.advanceAsync(10_000)
    const at = (address: string) => ({ kind: 'http', address, port: 8080, path: '/live' })
    expect(asked).toContainEqual(at('192.0.2.1'))
    expect(asked).toContainEqual(at('192.0.2.2'))
  })

  test('takes an instance out after the threshold, says why, and brings it back', async () => {
    const { clock, failing, states } = world(LEGACY)
    await clock.advanceAsync(10_000)
    failing.add('192.0.2.1')
    await clock.advanceAsync(20_000)
    expect(states()).toEqual(['ready', 'ready'])
    await clock.advanceAsync(10_000)
    expect(states()).toEqual(['unhealthy: health check: answered with status 503', 'ready'])
    failing.clear()
    await clock.advanceAsync(10_000)
    expect(states()).toEqual(['ready', 'ready'])
  })

  test('follows the configuration: begins, changes and ends with it', async () => {
    const { clock, model, prober, asked } = world(serviceYaml('web'))
    expect(prober.size).toBe(0)
    model.applyObjects({ upserted: parseObjects(LEGACY), removed: [] })
    await clock.advanceAsync(100)
    expect(prober.size).toBe(2)
    const changed = LEGACY.replace(', 192.0.2.2', '').replace('/live', '/health')
    model.applyObjects({ upserted: parseObjects(changed), removed: [] })
    await clock.advanceAsync(100)
    expect(prober.size).toBe(1)
    asked.length = 0
    await clock.advanceAsync(20_000)
    expect(new Set(asked.map((probe) => JSON.stringify(probe)))).toEqual(
      new Set([JSON.stringify({ kind: 'http', address: '192.0.2.1', port: 8080, path: '/health' })]),
    )
    const ref = { apiVersion: 'heddle.dev/v1alpha1', kind: 'Workload', namespace: 'shop', name: 'legacy' } as const
    model.applyObjects({ upserted: [], removed: [ref] })
    await clock.advanceAsync(100)
    expect(prober.size).toBe(0)
  })

  test('leaves no timer behind', async () => {
    const { clock, end } = world(LEGACY)
    await clock.advanceAsync(30_000)
    end()
    await clock.advanceAsync(0)
    expect(clock.waiting).toBe(0)
  })
})

describe('runProbe()', () => {
  const servers: { close(): unknown }[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    return typeof address === 'object' ? (address?.port ?? 0) : 0
  }

  const deps = { clock: systemClock, timeoutMs: 30_000 }

  test.each([
    { status: 200, problem: undefined },
    { status: 302, problem: undefined },
    { status: 404, problem: 'answered with status 404' },
    { status: 503, problem: 'answered with status 503' },
  ])('judges status $status, and does not follow it', async ({ status, problem }) => {
    const paths: (string | undefined)[] = []
    const answering = createServer((request, response) => {
      paths.push(request.url)
      response.writeHead(status, { location: '/elsewhere' }).end()
    })
    const port = await listen(answering)
    expect(await runProbe({ kind: 'http', address: '127.0.0.1', port, path: '/live' }, deps)).toBe(problem)
    expect(paths).toEqual(['/live'])
  })

  test('is content with a connection for TCP, and says when there is none', async () => {
    const port = await listen(createTcpServer((socket) => socket.end()))
    expect(await runProbe({ kind: 'tcp', address: '127.0.0.1', port }, deps)).toBeUndefined()
    servers.splice(0)[0]?.close()
    expect(await runProbe({ kind: 'tcp', address: '127.0.0.1', port }, deps)).toContain('ECONNREFUSED')
  })

  test('gives up in time on one that accepts and says nothing', async () => {
    const port = await listen(createTcpServer(() => undefined))
    const probe = { kind: 'http' as const, address: '127.0.0.1', port, path: '/' }
    expect(await runProbe(probe, { clock: systemClock, timeoutMs: 50 })).toBe('no answer within 50 ms')
  })
})
