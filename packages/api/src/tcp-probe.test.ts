import { expect, test } from 'vitest'
import { formatTcpProbe, parseTcpProbe, pathOfTcpProbe } from './tcp-probe.ts'

test.each([
  { port: 1, timeoutSeconds: 1 },
  { port: 65_535, timeoutSeconds: 2_147_483_647 },
])('parseTcpProbe() reads $port and $timeoutSeconds back', (probe) => {
  expect(parseTcpProbe(formatTcpProbe(probe))).toEqual(probe)
})

test.each(['', '8080', '8080/', '/1', '0/1', '65536/1', '8080/0', '8080/1.5', '8080/1/1', 'http/1', '-1/1'])(
  'parseTcpProbe() refuses %j',
  (text) => {
    expect(() => parseTcpProbe(text)).toThrow(RangeError)
  },
)

test('pathOfTcpProbe() is what a kubelet asks for', () => {
  expect(pathOfTcpProbe({ port: 8080, timeoutSeconds: 5 })).toBe('/probe/tcp/8080/5')
})
