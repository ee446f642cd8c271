import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { givenService } from './model-fixture.ts'
import { ServiceTable } from './service-table.ts'
import { VirtualIps } from './virtual-ips.ts'

describe('VirtualIps', () => {
  test('gives an owner the same address whoever came before, as long as names do not meet', () => {
    const [first, second] = [new VirtualIps('10.96.0.0/12'), new VirtualIps('10.96.0.0/12')]
    const [a, b] = [first.allocate('shop/a'), first.allocate('shop/b')]
    expect([second.allocate('shop/b'), second.allocate('shop/a')]).toEqual([b, a])
  })

  test('gives every address but the first and last of a range once, then none', () => {
    const range = new VirtualIps('192.0.2.64/29')
    const given = Array.from({ length: 6 }, (_, i) => range.allocate(`shop/${i}`))
    expect(given.toSorted()).toEqual(['65', '66', '67', '68', '69', '70'].map((last) => `192.0.2.${last}`))
    expect(range.allocate('shop/more')).toBeUndefined()
    range.release('192.0.2.66', given.indexOf('192.0.2.66') === 0 ? 'shop/0' : `shop/${given.indexOf('192.0.2.66')}`)
    expect(range.allocate('shop/more')).toBe('192.0.2.66')
  })

  test('gives IPv6 addresses', () => {
    const range = new VirtualIps('fd00:1::/108')
    const address = range.allocate('shop/a')!
    expect(address).toMatch(/^fd00:1::[0-9a-f:]+$/)
    expect(range.has(address)).toBe(true)
    expect(range.has('fd00:1::1:0:0')).toBe(false)
    expect(range.has('10.96.0.1')).toBe(false)
  })

  test.each(['', '10.0.0.0', '10.0.0.0/33', '10.0.0.0/31', 'x/8', '10.0.0.0/-1', 'fd00::/129', '10.0.0.0/8/8'])(
    'refuses the range %j',
    (range) => {
      expect(() => new VirtualIps(range)).toThrow(RangeError)
    },
  )
})

describe('ServiceTable', () => {
  const table = () => new ServiceTable('192.0.2.0/28', 'fd00::/120')

  test('gives an address that a file asks for to who asks, and another to who had it by chance', () => {
    const services = table()
    services.apply([givenService('chance')], [])
    const [taken] = services.get('shop', 'chance')!.clusterIps
    const changes = services.apply([givenService('asks', { clusterIPs: [taken!] })], [])
    expect(services.get('shop', 'asks')?.clusterIps).toEqual([taken])
    expect(services.get('shop', 'chance')?.clusterIps[0]).not.toBe(taken)
    expect(changes.map(({ after }) => after?.service.metadata.name).sort()).toEqual(['asks', 'chance'])
    expect(services.byAddress(taken!)?.service.metadata.name).toBe('asks')
  })

  test.each([
    { name: 'both families unless asked otherwise', spec: {}, families: [4, 6] },
    { name: 'one family for SingleStack', spec: { ipFamilyPolicy: 'SingleStack' }, families: [4] },
    { name: 'the family that is asked for', spec: { ipFamilies: ['IPv6'] }, families: [6] },
    { name: 'none for a headless Service', spec: { clusterIPs: ['None'] }, families: [] },
    { name: 'none for an ExternalName', spec: { type: 'ExternalName', externalName: 'example.org' }, families: [] },
  ] as const)('gives $name', ({ spec, families }) => {
    const services = table()
    services.apply([givenService('a', spec)], [])
    expect(services.get('shop', 'a')?.clusterIps.map((ip) => (ip.includes(':') ? 6 : 4))).toEqual(families)
  })

  test('gives each address to one Service, and equal sets equal addresses, in whatever order they come', () => {
    const name = fc.constantFrom(...'abcdefgh')
    const service = fc.record({ name, wanted: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }) })
    fc.assert(
      fc.property(fc.uniqueArray(service, { selector: (one) => one.name }), fc.nat(), (given, turn) => {
        const all = given.map(({ name, wanted }) =>
          givenService(name, { clusterIPs: wanted ? [`192.0.2.${wanted}`] : [] }),
        )
        const at = all.length === 0 ? 0 : turn % all.length
        const turned = [...all.slice(at), ...all.slice(0, at)]
        const tables = [all, turned].map((services) => {
          const one = table()
          one.apply(services, [])
          return one
        })
        const wantedTwice =
          new Set(given.flatMap(({ wanted }) => wanted ?? [])).size < given.filter(({ wanted }) => wanted).length
        for (const one of tables) {
          const addresses = [...one.all()].flatMap(({ clusterIps }) => clusterIps)
          expect(new Set(addresses).size).toBe(addresses.length)
          for (const { service, clusterIps } of one.all()) {
            for (const ip of clusterIps) expect(one.byAddress(ip)?.service).toBe(service)
          }
        }
        if (wantedTwice) return
        const [first, second] = tables.map(
          (one) => new Map([...one.all()].map((each) => [each.service, each.clusterIps])),
        )
        expect(first).toEqual(second)
      }),
    )
  })
})
