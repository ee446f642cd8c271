import { createLog } from '@heddle/base/log'
import { Registry } from '@heddle/telemetry/registry'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { createProxyCore } from '../create-core.ts'
import { Circuit, type CircuitGuest } from './circuit.ts'

const SUCCESS = { outcome: 'success', isProbe: false, retryAfterMs: undefined } as const

function world(json: ConstructorParameters<typeof Circuit>[0]['json']) {
  const clock = new ManualClock()
  const meter = new Registry()
  const core = createProxyCore({}, { clock, log: createLog(() => undefined, 'info'), meter })
  const counters = core.resilience.of({ namespace: 'shop', name: 'cart', port: 80 })
  return { clock, circuit: new Circuit({ name: 'cart.shop:80', json, counters }, core) }
}

function guest(told: string[], name: string, then: () => void = () => undefined): CircuitGuest {
  return {
    admitted: () => {
      told.push(name)
      then()
    },
    refused: ({ code }) => told.push(`${name} ${code}`),
  }
}

test('who waits goes on in the order of coming', () => {
  const { circuit } = world({ maxRequests: 1, maxPendingRequests: 5 })
  const told: string[] = []
  for (const name of ['a', 'b', 'c']) circuit.ask(guest(told, name))
  expect(told).toEqual(['a'])
  circuit.leave(SUCCESS)
  expect(told).toEqual(['a', 'b'])
})

test('who gives up is passed over', () => {
  const { circuit, clock } = world({ maxRequests: 1, maxPendingRequests: 2, pendingTimeoutMs: 1_000 })
  const told: string[] = []
  circuit.ask(guest(told, 'a'))
  circuit.ask(guest(told, 'b'))?.quit()
  circuit.ask(guest(told, 'c'))
  circuit.ask(guest(told, 'd'))
  circuit.leave(SUCCESS)
  expect(told).toEqual(['a', 'c'])
  clock.advance(1_001)
  expect(told).toEqual(['a', 'c', 'd circuit_overflow'])
})

test('a queue of thousands that end as soon as they begin is served in bounded depth', () => {
  const { circuit } = world({ maxRequests: 1, maxPendingRequests: 50_000 })
  const told: string[] = []
  circuit.ask(guest(told, 'first'))
  for (let i = 0; i < 50_000; i++) circuit.ask(guest(told, `${i}`, () => circuit.leave(SUCCESS)))
  circuit.leave(SUCCESS)
  expect(told.length).toBe(50_001)
})
