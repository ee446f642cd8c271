import { expect, test } from 'vitest'
import { parseIpv6Routes, parseRoutes } from './default-gateways.ts'

test('parseRoutes() finds the gateway of the default route', () => {
  const text = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT   ',
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t0000000A\t090200C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0',
    'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    '',
  ].join('\n')
  expect(parseRoutes(text)).toEqual(['192.0.2.1'])
  expect(parseRoutes('')).toEqual([])
})

test('parseIpv6Routes() finds the gateway of the default route', () => {
  const [none, gateway] = ['0'.repeat(32), 'fd000000000000000000000000000001']
  const text = [
    `fd000000000000000000000000000000 40 ${none} 00 ${none} 00000100 00000002 00000000 00000001     eth0`,
    `${none} 00 ${none} 00 ${gateway} 00000400 00000003 00000000 00000003     eth0`,
    `${none} 00 ${none} 00 ${none} ffffffff 00000001 00000000 00200200       lo`,
    '',
  ].join('\n')
  expect(parseIpv6Routes(text)).toEqual(['fd00:0000:0000:0000:0000:0000:0000:0001'])
  expect(parseIpv6Routes('')).toEqual([])
})
