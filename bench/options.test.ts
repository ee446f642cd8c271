import { expect, test } from 'vitest'
import { OptionsError, parseBenchOptions } from './options.ts'
import { CONNECTIONS, PROXIES, SCENARIOS } from './scenarios.ts'

test('without arguments everything is compared with everything', () => {
  expect(parseBenchOptions([])).toEqual({
    scenarios: SCENARIOS,
    connections: CONNECTIONS,
    proxies: PROXIES,
    rounds: 5,
    seconds: 2,
    warmupSeconds: 10,
  })
})

test('a pattern chooses scenarios, and lists choose proxies and connections', () => {
  const options = parseBenchOptions(['--scenario', '2hop.*-1k$', '--proxies', 'heddle,envoy', '--conns', '16'])
  expect(options.scenarios.map(({ name }) => name)).toEqual(['http1-2hop-mtls-1k', 'http1-2hop-mtls-connect-1k'])
  expect(options.proxies).toEqual(['heddle', 'envoy'])
  expect(options.connections).toEqual([16])
})

test.each([
  { args: ['--scenario', 'grpc'], names: '--scenario grpc' },
  { args: ['--proxies', 'heddle,squid'], names: '--proxies squid' },
  { args: ['--rounds', '0'], names: '--rounds 0' },
  { args: ['--seconds', 'x'], names: '--seconds x' },
  { args: ['--fast'], names: '--fast' },
])('$args is refused by name', ({ args, names }) => {
  expect(() => parseBenchOptions(args)).toThrow(OptionsError)
  expect(() => parseBenchOptions(args)).toThrow(names)
})
