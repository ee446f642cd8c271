import type { MeshObject } from '@heddle/api/kinds'
import { ManualClock } from '@heddle/testkit/manual-clock'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyDelta, deltaOf } from '../translate/delta.ts'
import { translateDestination } from '../translate/destination.ts'
import { translateInbound } from '../translate/inbound.ts'
import type { InstanceState } from './instance.ts'
import { createModel, type Model } from './model.ts'
import { givenNode, givenService, givenWorkload } from './model-fixture.ts'
import { inboundTopic, topicOfKey } from './topic.ts'

const NAMES = ['a', 'b', 'c'] as const
const ADDRESSES = ['10.1.0.1', '10.1.0.2', '10.1.0.3'] as const
const INSTANCES = ['a-0', 'a-1', 'b-0', 'x-0'] as const
const STATES: readonly InstanceState[] = ['ready', 'unhealthy', 'draining']

type Step = (model: Model) => void

const label = fc.constantFrom(...NAMES)
const serviceStep = fc.record({
  name: label,
  selected: label,
  headless: fc.boolean(),
  protocol: fc.constantFrom('http', 'tls', undefined),
})
const workloadStep = fc.record({
  name: label,
  app: label,
  addresses: fc.option(fc.uniqueArray(fc.constantFrom(...ADDRESSES), { minLength: 1 }), { nil: undefined }),
  hasPorts: fc.boolean(),
})
const nodeStep = fc.record({
  workload: label,
  instance: fc.constantFrom(...INSTANCES),
  address: fc.constantFrom(...ADDRESSES),
  owner: fc.constantFrom('', 'one', 'two'),
  state: fc.constantFrom(...STATES),
})

const step: fc.Arbitrary<Step> = fc.oneof(
  serviceStep.map(({ name, selected, headless, protocol }): Step => {
    const ports = [
      { name: '', port: 80, protocol: 'TCP', targetPort: 'http', ...(protocol && { appProtocol: protocol }) },
    ] as const
    const service = givenService(name, { selector: { app: selected }, clusterIPs: headless ? ['None'] : [], ports })
    return (model) => model.applyObjects({ upserted: [service], removed: [] })
  }),
  workloadStep.map(({ name, app, addresses, hasPorts }): Step => {
    const workload = givenWorkload(name, {
      labels: { app },
      ...(addresses && { addresses }),
      ...(!hasPorts && { ports: [] }),
    })
    return (model) => model.applyObjects({ upserted: [workload], removed: [] })
  }),
  fc.tuple(fc.constantFrom('Service', 'Workload'), label).map(([kind, name]): Step => {
    return (model) => model.applyObjects({ upserted: [], removed: [{ kind, namespace: 'shop', name }] })
  }),
  nodeStep.map(({ workload, instance, address, owner, state }): Step => {
    return (model) => void model.applyRegistration({ node: givenNode(workload, instance, address), owner, state })
  }),
  nodeStep.map(({ instance, owner, state }): Step => {
    return (model) => model.setHealth({ namespace: 'shop', instance }, owner, { state, reason: state })
  }),
  nodeStep.map(
    ({ instance, owner }): Step =>
      (model) =>
        model.removeRegistration({ namespace: 'shop', instance }, owner),
  ),
  nodeStep.map(
    ({ instance, owner }): Step =>
      (model) =>
        model.disconnectRegistration({ namespace: 'shop', instance }, owner),
  ),
)

const KEYS = [
  ...NAMES.map((name) => `name:${name}.shop:80`),
  'name:a.shop:81',
  ...ADDRESSES.flatMap((address) => [`address:${address}:8080`, `address:${address}:80`]),
]

/** The virtual addresses as well, wherever they are at the moment. */
function keysOf(model: Model): string[] {
  const virtual = model.services('').flatMap(({ clusterIps }) => clusterIps.filter((ip) => !ip.includes(':')))
  return [...KEYS, ...virtual.map((address) => `address:${address}:80`)]
}

function destination(model: Model, key: string) {
  return translateDestination(model.resolve(key), { trustDomain: 'heddle.local' })
}

function inbound(model: Model, instance: string): string {
  return JSON.stringify(translateInbound(model.inbound({ namespace: 'shop', instance })).ports)
}

test('every key and inbound whose meaning changes is among the topics, and its delta leads from old to new', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const clock = new ManualClock()
      const model = createModel({ clock })
      const topics = new Set<string>()
      model.onChange((change) => {
        for (const topic of change.topics) topics.add(topic)
      }, new AbortController().signal)
      for (const apply of [...steps, () => clock.advance(60_000)]) {
        const before = new Map(keysOf(model).map((key) => [key, destination(model, key)]))
        const inbounds = new Map(INSTANCES.map((instance) => [instance, inbound(model, instance)]))
        topics.clear()
        apply(model)
        for (const key of new Set([...before.keys(), ...keysOf(model)])) {
          const old = before.get(key)
          const now = destination(model, key)
          if (old?.version === now.version) continue
          expect(topics).toContain(topicOfKey(key))
          const delta = old && deltaOf(old, now)
          if (delta) expect(applyDelta(old, delta)).toEqual(now)
        }
        for (const [instance, old] of inbounds) {
          if (inbound(model, instance) !== old) expect(topics).toContain(inboundTopic({ namespace: 'shop', instance }))
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('what was built step by step is what a new model makes of the end', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const model = createModel({ clock: new ManualClock() })
      for (const apply of steps) apply(model)
      const objects: readonly MeshObject[] = [
        ...model.services('').map(({ service }) => service),
        ...model.workloads(''),
      ]
      const fresh = createModel({ clock: new ManualClock() })
      fresh.applyObjects({ upserted: objects, removed: [] })
      const results = model.registrations().map((registration) => fresh.applyRegistration(registration))
      // What came with objects that were there later would be refused now.
      fc.pre(results.every(({ kind }) => kind === 'accepted'))
      for (const { meshed, state, reason, ...ref } of model.instances('')) {
        if (!meshed) fresh.setHealth(ref, '', { state, reason })
      }
      expect(fresh.instances('')).toEqual(model.instances(''))
      expect(fresh.services('')).toEqual(model.services(''))
      for (const key of keysOf(model)) expect(destination(fresh, key)).toEqual(destination(model, key))
    }),
    { numRuns: 300 },
  )
})
