import { expect, test } from 'vitest'
import { checkStaticConfig } from './static-config.ts'

const VALID = {
  admin: '127.0.0.1:15000',
  identity: {
    id: 'spiffe://heddle.local/ns/shop/sa/web',
    certificateFile: 'web.pem',
    keyFile: 'web.key',
    trustBundleFile: 'ca.pem',
  },
  listeners: [
    { kind: 'outbound', address: '127.0.0.1:8080', destination: 'cart' },
    { kind: 'inbound', address: '[::1]:8443', app: '127.0.0.1:9000', protocol: 'http1', plain: 'refuse' },
  ],
  destinations: [
    { name: 'cart', endpoints: [{ address: '10.0.0.7:8443', identity: 'spiffe://heddle.local/ns/shop/sa/cart' }] },
  ],
  limits: { connectMs: 500 },
  accessLog: 'all',
  logLevel: 'warn',
}

test('checkStaticConfig() takes a file that says everything', () => {
  expect(checkStaticConfig(VALID)).toEqual({ kind: 'valid', config: VALID })
})

test('checkStaticConfig() tells all problems at once, each with its place', () => {
  const result = checkStaticConfig({
    listeners: [
      { kind: 'outbound', address: 'localhost:80', destination: 'nowhere', port: 1 },
      { kind: 'sideways', address: '127.0.0.1:1' },
    ],
    destinations: [{ name: 'Cart', endpoints: [{ address: '10.0.0.7', weight: 0 }] }],
    identity: { id: 'web' },
    limits: { connectMs: -1 },
    acessLog: 'all',
  })
  expect(result).toEqual({
    kind: 'invalid',
    problems: [
      'acessLog: unknown field; known are listeners, destinations, identity, admin, limits, meshProtocol, accessLog, logLevel',
      'destinations[0].name: expected a name in lower case',
      'destinations[0].endpoints[0].address: expected an address like 10.0.0.7:8080',
      'destinations[0].endpoints[0].weight: expected a whole number from 1',
      'listeners[0].address: expected an address like 127.0.0.1:8080',
      'listeners[0]: unknown field',
      'listeners[0].destination: there is no destination "nowhere"',
      'listeners[1].kind: expected one of outbound, inbound',
      'identity.id: expected like spiffe://heddle.local/ns/shop/sa/web',
      'identity.certificateFile: is missing; expected a path',
      'identity.keyFile: is missing; expected a path',
      'identity.trustBundleFile: is missing; expected a path',
      'limits.connectMs: expected a whole number from 1',
    ].map((problem) =>
      problem === 'listeners[0]: unknown field' ? expect.stringMatching(/^listeners\[0\]\.port: unknown/) : problem,
    ),
  })
})

test.each([{ value: undefined }, { value: [] }, { value: 'x' }, { value: 7 }])(
  'checkStaticConfig() refuses $value',
  ({ value }) => {
    expect(checkStaticConfig(value)).toMatchObject({ kind: 'invalid' })
  },
)

test.each([
  { address: '127.0.0.1:65535', isAddress: true },
  { address: '[fd00::7]:0', isAddress: true },
  { address: '127.0.0.1:65536', isAddress: false },
  { address: '127.0.0.1:99999', isAddress: false },
  { address: '127.0.0.256:80', isAddress: false },
  { address: '127.0.0.1', isAddress: false },
])('checkStaticConfig() knows whether $address is an address', ({ address, isAddress }) => {
  expect(checkStaticConfig({ ...VALID, admin: address }).kind).toBe(isAddress ? 'valid' : 'invalid')
})
