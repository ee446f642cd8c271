import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { formatHostPort } from '@heddle/base/host-port'
import { expect, test } from 'vitest'
import { LoopGuard } from './loop-guard.ts'

test.each([
  { address: '127.0.0.1', port: 15001, isOwn: true },
  { address: '127.8.0.1', port: 15001, isOwn: true },
  { address: '::1', port: 15001, isOwn: true },
  { address: '192.0.2.7', port: 15001, isOwn: false },
  { address: '127.0.0.1', port: 15002, isOwn: false },
  { address: '127.0.0.9', port: 15006, isOwn: false },
  { address: '127.0.0.5', port: 15006, isOwn: true },
])('isOwnListener($address, $port) is $isOwn', ({ address, port, isOwn }) => {
  const guard = new LoopGuard()
  guard.addListener('0.0.0.0', 15001)
  guard.addListener('127.0.0.5', 15006)
  expect(guard.isOwnListener(address, port)).toBe(isOwn)
})

test('a proxy is led to itself by way of the loopback interface, and the way is undone', () => {
  const own = ['192.0.2.7', '2001:db8::7']
  const guard = new LoopGuard(() => own)
  expect(guard.toProxyAddress('192.0.2.7'), 'nothing is redirected').toBe('192.0.2.7')
  guard.expectRedirection()
  expect(guard.toProxyAddress('192.0.2.8')).toBe('192.0.2.8')
  expect(guard.fromProxyAddress('192.0.2.8')).toBe('192.0.2.8')
  for (const address of own) {
    expect(guard.toProxyAddress(address)).toMatch(/^127\./)
    expect(guard.fromProxyAddress(guard.toProxyAddress(address))).toBe(address)
  }
})

test("the proxy's own connection is known by both of its ends, until it closes", async () => {
  const guard = new LoopGuard(() => [])
  guard.expectRedirection()
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const outgoing = connect(port, '127.0.0.1')
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(outgoing, 'connect')])) as [
    [Socket],
    unknown,
  ]
  guard.addOutgoing(outgoing)
  expect(guard.isFromItself(accepted, formatHostPort({ host: '127.0.0.1', port }))).toBe(true)
  // An application's connection may have its port, where it goes to another place.
  expect(guard.isFromItself(accepted, formatHostPort({ host: '10.96.0.1', port: 80 }))).toBe(false)
  expect(guard.isFromItself(accepted, formatHostPort({ host: '127.0.0.1', port: port + 1 }))).toBe(false)
  const closed = once(outgoing, 'close')
  outgoing.destroy()
  await closed
  expect(guard.isFromItself(accepted, formatHostPort({ host: '127.0.0.1', port }))).toBe(false)
  accepted.destroy()
  server.close()
})
