import { describe, expect, test } from 'vitest'
import { EnvironmentError, formatAddress, readListenAddress, readRate, readUpstream } from './environment.ts'

test('readListenAddress() takes every address and port 8080 unless told otherwise', () => {
  expect(readListenAddress({})).toEqual({ host: '0.0.0.0', port: 8080 })
  expect(readListenAddress({ BIND_ADDRESS: '127.0.0.1', PORT: '0' })).toEqual({ host: '127.0.0.1', port: 0 })
})

test.each(['x', '-1', '65536', '80.5'])('readListenAddress() refuses the port %j by name', (port) => {
  expect(() => readListenAddress({ PORT: port })).toThrow(EnvironmentError)
  expect(() => readListenAddress({ PORT: port })).toThrow(`PORT=${port}`)
})

describe('readUpstream()', () => {
  test.each([
    { text: '127.0.0.1:9000', host: '127.0.0.1', port: 9000 },
    { text: 'voting-svc.emojivote:8080', host: 'voting-svc.emojivote', port: 8080 },
    { text: '[::1]:9000', host: '::1', port: 9000 },
  ])('reads $text, and formatAddress() writes it back', ({ text, host, port }) => {
    const address = readUpstream({ WEB_HOST: text }, 'WEB_HOST')
    expect(address).toEqual({ host, port })
    expect(formatAddress(address)).toBe(text)
  })

  test.each([undefined, '', 'web', 'web:', ':80', 'web:99999', '::1:80', 'a b:80'])('refuses %j by name', (text) => {
    expect(() => readUpstream({ WEB_HOST: text }, 'WEB_HOST')).toThrow('WEB_HOST=')
  })
})

test('readRate() takes 10 unless told otherwise and refuses what is out of bounds', () => {
  expect(readRate({})).toBe(10)
  expect(readRate({ REQUESTS_PER_SECOND: '0.5' })).toBe(0.5)
  for (const text of ['0', '-1', 'fast', '10001']) {
    expect(() => readRate({ REQUESTS_PER_SECOND: text })).toThrow(EnvironmentError)
  }
})
