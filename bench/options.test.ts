import { expect, test } from 'vitest'
import { OptionsError, parseBenchOptions } from './options.ts'
import { listScenarios, PROXIES } from './scenarios.ts'

test('without arguments everything is compared with everything', () => {
  expect(parseBenchOptions([])).toEqual({
    scenarios: listScenarios(),
    connections: undefined,
    proxies: PROXIES,
    rounds: 5,
    seconds: 2,
    warmupSeconds: 20,
    out: 'latest',
    keepsOthers: false,
  })
})

test('a pattern chooses scenarios, and lists choose proxies and connections', () => {
  const options = parseBenchOptions(['--scenario', '2hop.*-1k$', '--proxies', 'heddle,envoy', '--conns', '16'])
  expect(options.scenarios.map(({ name }) => name)).toEqual([
    'http1-2hop-mtls-1k',
    'http1-2hop-mtls-connect-1k',
    'http1-2hop-h1-mtls-1k',
    'h2-2hop-mtls-1k',
  ])
  expect(options.proxies).toEqual(['heddle', 'envoy'])
  expect(options.connections).toEqual([16])
})

test('numbers of streams and endpoints make scenarios of their own', () => {
  const options = parseBenchOptions(['--scenario', '^grpc-1hop', '--streams', '1,10', '--endpoints', '1,50'])
  expect(options.scenarios.map(({ name }) => name)).toEqual([
    'grpc-1hop',
    'grpc-1hop-50endpoints',
    'grpc-1hop-10streams',
    'grpc-1hop-10streams-50endpoints',
  ])
})

test.each([
  { args: ['--scenario', 'http3'], names: '--scenario http3' },
  { args: ['--proxies', 'heddle,squid'], names: '--proxies squid' },
  { args: ['--rounds', '0'], names: '--rounds 0' },
  { args: ['--seconds', 'x'], names: '--seconds x' },
  { args: ['--streams', '1,0'], names: '--streams 0' },
  { args: ['--out', '../x'], names: '--out ../x' },
  { args: ['--fast'], names: '--fast' },
])('$args is refused by name', ({ args, names }) => {
  expect(() => parseBenchOptions(args)).toThrow(OptionsError)
  expect(() => parseBenchOptions(args)).toThrow(names)
})
