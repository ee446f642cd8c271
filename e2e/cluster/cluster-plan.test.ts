import { BlockList, isIPv6 } from 'node:net'
import type { IpFamily } from '@heddle/api/kinds/service'
import { describe, expect, test } from 'vitest'
import { type ClusterPlan, planCluster, SLOTS } from './cluster-plan.ts'

const plan = (slot: number, nodes = 2, firstFamily: IpFamily = 'IPv4') =>
  planCluster({ name: 'ten-longxx', tier: 'node', slot, nodes, firstFamily, folder: '/clusters/x' })

describe('planCluster()', () => {
  test('gives no two clusters an address in common', () => {
    const all = Array.from({ length: SLOTS }, (_, slot) => plan(slot))
    const blocks = all.map(({ hostAddress }) => hostAddress.split('.').slice(0, 2).join('.'))
    expect(new Set(blocks).size).toBe(SLOTS)
    expect(blocks.every((block) => Number(block.split('.')[1]) < 192)).toBe(true)
    const blocks6 = all.map(({ hostAddress6 }) => hostAddress6.split(':').slice(0, 3).join(':'))
    expect(new Set(blocks6).size).toBe(SLOTS)
  })

  test.each([{ firstFamily: 'IPv4' as const }, { firstFamily: 'IPv6' as const }])(
    'keeps pods, Services and machines apart, with $firstFamily first',
    ({ firstFamily }) => {
      const { apiServiceAddress, dnsAddress, machines, ...cluster } = plan(5, 9, firstFamily)
      const pods = [cluster.podRange, cluster.podRange6]
      const services = [cluster.serviceRange, cluster.serviceRange6]
      for (const range of services) expect(isWithin(pods, range)).toBe(false)
      for (const address of [apiServiceAddress, dnsAddress]) {
        expect(isWithin(services, address)).toBe(true)
        expect(isIPv6(address)).toBe(firstFamily === 'IPv6')
      }
      const own = machines.flatMap(({ address, address6 }) => [address, address6])
      for (const address of [cluster.hostAddress, cluster.hostAddress6, ...own]) {
        expect(isWithin([...pods, ...services], address)).toBe(false)
      }
      const ofNodes = machines.flatMap(({ podRange, podRange6 }) => [podRange, podRange6])
      for (const range of ofNodes) expect(isWithin(pods, range)).toBe(true)
      expect(new Set(ofNodes).size).toBe(18)
    },
  )

  test('gives links names that the kernel takes', () => {
    expect(linksOf(plan(1, 9)).every((name) => name.length <= 15)).toBe(true)
  })
})

function linksOf({ bridge, machines }: ClusterPlan): readonly string[] {
  return [bridge, ...machines.map(({ link }) => link)]
}

/** Whether an address, or the first one of a range, is in one of `ranges`. */
function isWithin(ranges: readonly string[], addressOrRange: string): boolean {
  const list = new BlockList()
  for (const [network, prefix] of ranges.map((range) => range.split('/'))) {
    list.addSubnet(network!, Number(prefix), isIPv6(network!) ? 'ipv6' : 'ipv4')
  }
  const [address = ''] = addressOrRange.split('/')
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
