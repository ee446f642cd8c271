import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import { Registry } from '@heddle/telemetry/registry'
import { createTestCa } from '@heddle/testkit/test-ca'
import { expect, test } from 'vitest'
import { readStaticConfig } from '../src/static/read-static-config.ts'
import { startStaticProxy } from '../src/static/start-static-proxy.ts'
import { answering, dial, ok, startServer } from './harness/peer.ts'

const id = (name: string) => `spiffe://heddle.local/ns/shop/sa/${name}`
const log = createLog(() => undefined, 'off')

/** A folder that is gone at the end. */
function folder() {
  const path = mkdtempSync(join(tmpdir(), 'heddle-static-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

test('two static proxies carry a request by mTLS from files alone', async () => {
  using files = folder()
  const ca = await createTestCa()
  const write = (name: string, text: string) => {
    writeFileSync(join(files.path, name), text)
    return join(files.path, name)
  }
  const identityOf = async (name: string) => {
    const issued = await ca.issueFor(id(name))
    return {
      id: id(name),
      certificateFile: write(`${name}.pem`, issued.certificateChainPem),
      keyFile: write(`${name}.key`, issued.privateKeyPem),
      trustBundleFile: write('ca.pem', issued.trustBundlePem),
    }
  }
  const start = async (name: string, config: object) => {
    const file = write(`${name}.json`, JSON.stringify(config))
    const { proxy } = await startStaticProxy(readStaticConfig(file), { clock: systemClock, log, meter: new Registry() })
    return proxy
  }
  const app = await startServer(answering(ok('hello')))
  const cart = await start('cart', {
    identity: await identityOf('cart'),
    listeners: [{ kind: 'inbound', address: '127.0.0.1:0', app: `127.0.0.1:${app.port}`, plain: 'refuse' }],
    destinations: [],
  })
  const endpoint = { address: `127.0.0.1:${cart.listeners[0]!.port}`, identity: id('cart') }
  const web = await start('web', {
    identity: await identityOf('web'),
    listeners: [{ kind: 'outbound', address: '127.0.0.1:0', destination: 'cart' }],
    destinations: [{ name: 'cart', endpoints: [endpoint] }],
    limits: { connectMs: 5_000 },
  })

  using client = await dial(web.listeners[0]!.port)
  client.send('GET / HTTP/1.1\r\nhost: cart\r\n\r\n')
  await client.until('hello')

  await Promise.all([web.close(), cart.close()])
  app.close()
})

test('a file with mistakes is refused with all of them', () => {
  using files = folder()
  const file = join(files.path, 'bad.json')
  writeFileSync(file, JSON.stringify({ listeners: [], destinations: {}, limit: {} }))
  expect(() => readStaticConfig(file)).toThrow(/limit: unknown field[\s\S]*destinations: expected a list/)
  writeFileSync(file, JSON.stringify({ listeners: [], destinations: [], limits: { conectMs: 1 } }))
  expect(() => readStaticConfig(file)).toThrow('limits.conectMs: there is no such limit')
  expect(() => readStaticConfig(file, '/etc/mesh.yaml')).toThrow('/etc/mesh.yaml cannot be used')
  writeFileSync(file, JSON.stringify({ listeners: [], destinations: [], limits: { toString: 1, connectMs: 0 } }))
  expect(() => readStaticConfig(file)).toThrow('limits.connectMs: expected a whole number from 1')
  writeFileSync(file, JSON.stringify({ listeners: [], destinations: [], limits: { toString: 1 } }))
  expect(() => readStaticConfig(file)).toThrow('limits.toString: there is no such limit')
  writeFileSync(file, '{')
  expect(() => readStaticConfig(file)).toThrow('bad.json cannot be used')
})

test('routes of a file lead to its other destinations, by expressions as well', async () => {
  using files = folder()
  const file = join(files.path, 'routed.json')
  const app = await startServer(answering(ok('canary')))
  const path = { type: 'MATCH_TYPE_REGULAR_EXPRESSION', value: '/v[0-9]+' }
  const rules = [{ matches: [{ path }], backends: [{ key: 'canary', weight: 1 }] }]
  const config = (routes: object[]) => ({
    listeners: [{ kind: 'outbound', address: '127.0.0.1:0', destination: 'cart' }],
    destinations: [
      { name: 'cart', endpoints: [], routes },
      { name: 'canary', endpoints: [{ address: `127.0.0.1:${app.port}` }] },
    ],
  })
  const start = (routes: object[]) => {
    writeFileSync(file, JSON.stringify(config(routes)))
    return startStaticProxy(readStaticConfig(file), { clock: systemClock, log, meter: new Registry() })
  }
  const route = { kind: 'ROUTE_KIND_HTTP', namespace: 'static', name: 'cart', rules }
  const { proxy } = await start([route])
  using web = await dial(proxy.listeners[0]!.port)
  web.send('GET /v12 HTTP/1.1\r\nhost: cart\r\n\r\n')
  await web.until('canary')
  web.send('GET /w HTTP/1.1\r\nhost: cart\r\n\r\n')
  await web.until('heddle-error: no_route_matched')
  const lost = { ...route, rules: [{ backends: [{ key: 'nowhere', weight: 1 }] }] }
  await expect(start([lost])).rejects.toThrow('a route leads to "nowhere", which is no destination')
  expect(() => start([{ ...route, ruels: [] }])).toThrow('destinations[0].routes[0].ruels: unknown field')
  await proxy.close()
  app.close()
})
