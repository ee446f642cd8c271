import { expect, test } from 'vitest'
import { formatHostsFile } from './hosts-file.ts'

const SERVICES = [
  { namespace: 'shop', name: 'cart', clusterIps: ['10.96.0.2'] },
  { namespace: 'emojivote', name: 'web-svc', clusterIps: ['10.96.0.1', 'fd00::1'] },
  { namespace: 'emojivote', name: 'headless', clusterIps: ['None'] },
]
const OWN = { instance: 'web-0', addresses: ['10.199.0.2'], namespace: 'emojivote' }

test('formatHostsFile() has every name of every Service, the short one only within its namespace', () => {
  expect(formatHostsFile(SERVICES, { ...OWN, hasIpv6: true })).toBe(
    [
      '127.0.0.1\tlocalhost',
      '::1\tlocalhost ip6-localhost ip6-loopback',
      '10.199.0.2\tweb-0',
      '10.96.0.1\tweb-svc.emojivote.svc.cluster.local web-svc.emojivote.svc web-svc.emojivote web-svc',
      'fd00::1\tweb-svc.emojivote.svc.cluster.local web-svc.emojivote.svc web-svc.emojivote web-svc',
      '10.96.0.2\tcart.shop.svc.cluster.local cart.shop.svc cart.shop',
      '',
    ].join('\n'),
  )
})

test('formatHostsFile() leaves IPv6 out where the workload has none', () => {
  expect(formatHostsFile(SERVICES, { ...OWN, hasIpv6: false })).not.toMatch(/::/)
})
