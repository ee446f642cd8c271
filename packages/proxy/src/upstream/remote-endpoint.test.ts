import { createLog } from '@heddle/base/log'
import { Registry } from '@heddle/telemetry/registry'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { bugList } from '../../test/bug-list.ts'
import { createProxyCore } from '../create-core.ts'
import type { ClientTls } from './client-tls.ts'
import { RemoteEndpoint } from './remote-endpoint.ts'

test.each([
  { connectLimit: 'connectMs' as const, ms: 1_000 },
  { connectLimit: 'connectUnmeshedMs' as const, ms: 10_000 },
])('a connect that takes too long is counted by its own limit: $connectLimit', ({ connectLimit, ms }) => {
  const clock = new ManualClock()
  const meter = new Registry()
  const core = createProxyCore(undefined, { clock, log: createLog(() => {}, 'off'), meter })
  const remote = { address: '127.0.0.1', port: 1, identity: undefined, serverName: undefined }
  const endpoint = new RemoteEndpoint({ remote, weight: 1, connectLimit, idleMs: 1 }, {} as ClientTls, core)
  const failures: string[] = []
  endpoint.open([], { connected: () => {}, failed: ({ code }) => failures.push(code) })
  clock.advance(ms - 1)
  expect(failures).toEqual([])
  clock.advance(1)
  expect(failures).toEqual(['connect_timeout'])
  expect(meter.render()).toContain(`heddle_limit_reached_total{limit="${connectLimit}"} 1`)
})

test('whoever waited for a connect and throws when it fails costs itself only', () => {
  const clock = new ManualClock()
  const { bugs, onBug } = bugList()
  const deps = { clock, log: createLog(() => {}, 'off'), meter: new Registry(), onBug }
  const core = createProxyCore(undefined, deps)
  const remote = { address: '127.0.0.1', port: 1, identity: undefined, serverName: undefined }
  const options = { remote, weight: 1, connectLimit: 'connectMs', idleMs: 1 } as const
  const endpoint = new RemoteEndpoint(options, {} as ClientTls, core)
  const failures: string[] = []
  const throwing = () => {
    throw new Error('a receiver with a bug')
  }
  endpoint.open([], { connected: () => {}, failed: throwing })
  endpoint.open([], { connected: () => {}, failed: ({ code }) => failures.push(code) })

  clock.advance(1_000)

  expect(failures).toEqual(['connect_timeout'])
  expect(bugs).toEqual(['connection: a receiver with a bug'])
})
