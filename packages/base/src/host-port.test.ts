import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatHostPort, isLoopback, parseHostPort, parseIpPort } from './host-port.ts'

test.each([
  { text: '10.0.0.7:80', host: '10.0.0.7', port: 80 },
  { text: '[fd00::7]:443', host: 'fd00::7', port: 443 },
  { text: '0.0.0.0:0', host: '0.0.0.0', port: 0 },
])('parseIpPort() reads $text', ({ text, host, port }) => {
  expect(parseIpPort(text)).toEqual({ host, port })
})

test('parseHostPort() takes names as well, and parseIpPort() does not', () => {
  expect(parseHostPort('control.mesh:15000')).toEqual({ host: 'control.mesh', port: 15_000 })
  expect(() => parseIpPort('control.mesh:15000')).toThrow('control.mesh is no IP address')
})

test.each([
  { text: '', why: 'is not HOST:PORT' },
  { text: '15010', why: 'is not HOST:PORT' },
  { text: '127.0.0.1', why: 'is not HOST:PORT' },
  { text: '127.0.0.1:-1', why: 'is not HOST:PORT' },
  { text: '127.0.0.1:70000', why: 'port 70000 is above 65535' },
  { text: '::1:15010', why: 'is not HOST:PORT' },
  { text: '[127.0.0.1]:15010', why: '127.0.0.1 is no IPv6 address' },
  { text: '[fd00::7]', why: 'is not HOST:PORT' },
])('parseHostPort() refuses $text', ({ text, why }) => {
  expect(() => parseHostPort(text)).toThrow(why)
})

test('parseIpPort() reads what formatHostPort() writes', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 0, max: 65_535 }), (host, port) => {
      expect(parseIpPort(formatHostPort({ host, port }))).toEqual({ host, port })
    }),
  )
})

test.each([
  { host: '127.0.0.1', is: true },
  { host: '127.9.9.9', is: true },
  { host: '::1', is: true },
  { host: '128.0.0.1', is: false },
  { host: '127.example', is: false },
  { host: 'localhost', is: false },
])('isLoopback() of $host: $is', ({ host, is }) => {
  expect(isLoopback(host)).toBe(is)
})
