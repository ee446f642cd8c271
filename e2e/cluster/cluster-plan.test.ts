import { BlockList } from 'node:net'
import { describe, expect, test } from 'vitest'
import { type ClusterPlan, planCluster, SLOTS } from './cluster-plan.ts'

const plan = (slot: number, nodes = 2) =>
  planCluster({ name: 'ten-longxx', tier: 'node', slot, nodes, folder: '/clusters/x' })

describe('planCluster()', () => {
  test('gives no two clusters an address in common', () => {
    const all = Array.from({ length: SLOTS }, (_, slot) => plan(slot).hostAddress.split('.').slice(0, 2).join('.'))
    expect(new Set(all).size).toBe(SLOTS)
    expect(all.every((block) => Number(block.split('.')[1]) < 192)).toBe(true)
  })

  test('keeps pods, Services and machines apart', () => {
    const { podRange, serviceRange, apiServiceAddress, dnsAddress, hostAddress, machines } = plan(5)
    expect(contains(podRange, serviceRange.split('/')[0]!)).toBe(false)
    for (const address of [apiServiceAddress, dnsAddress]) expect(contains(serviceRange, address)).toBe(true)
    for (const address of [hostAddress, ...machines.map((machine) => machine.address)]) {
      expect(contains(podRange, address) || contains(serviceRange, address)).toBe(false)
    }
    for (const machine of machines) expect(contains(podRange, machine.podRange.split('/')[0]!)).toBe(true)
  })

  test('gives links names that the kernel takes', () => {
    expect(linksOf(plan(1, 9)).every((name) => name.length <= 15)).toBe(true)
  })
})

function linksOf({ bridge, machines }: ClusterPlan): readonly string[] {
  return [bridge, ...machines.map(({ link }) => link)]
}

function contains(range: string, address: string): boolean {
  const [network = '', prefix] = range.split('/')
  const list = new BlockList()
  list.addSubnet(network, Number(prefix))
  return list.check(address)
}
