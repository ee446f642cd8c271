import type { MeshObject } from '@heddle/api/kinds'
import { ManualClock } from '@heddle/testkit/manual-clock'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyDelta } from '../../test/apply-delta.ts'
import { deltaOf } from '../translate/delta.ts'
import { translateDestination } from '../translate/destination.ts'
import { translateInbound } from '../translate/inbound.ts'
import { parseClient } from './client.ts'
import type { InstanceState } from './instance.ts'
import { createModel, type Model } from './model.ts'
import {
  givenGrant,
  givenHttpRoute,
  givenNode,
  givenService,
  givenTcpRoute,
  givenTrafficPolicy,
  givenWorkload,
} from './model-fixture.ts'
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
  isLocal: fc.boolean(),
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
  host: fc.constantFrom('', 'n1', 'n2'),
  owner: fc.constantFrom('', 'one', 'two'),
  state: fc.constantFrom(...STATES),
})
const routeStep = fc.record({
  name: label,
  namespace: fc.constantFrom('shop', 'other'),
  parent: label,
  port: fc.constantFrom(80, 81, undefined),
  backends: fc.array(
    label.map((name) => `shop/${name}`),
    { maxLength: 2 },
  ),
  isHttp: fc.boolean(),
})
const policyStep = fc.record({
  name: label,
  target: fc.record({
    kind: fc.constantFrom('Service', 'HTTPRoute'),
    name: label,
    sectionName: fc.constantFrom('only', undefined),
  }),
  request: fc.constantFrom('1s', '2s'),
})
/** With namespaces, since routes of two may have one name. */
const REMOVED = [
  ...(['Service', 'Workload', 'TrafficPolicy', 'ReferenceGrant'] as const).map((kind) => ({ kind, namespace: 'shop' })),
  ...(['HTTPRoute', 'TCPRoute'] as const).flatMap((kind) => [
    { kind, namespace: 'shop' },
    { kind, namespace: 'other' },
  ]),
]

const step: fc.Arbitrary<Step> = fc.oneof(
  serviceStep.map(({ name, selected, headless, isLocal, protocol }): Step => {
    const ports = [
      { name: '', port: 80, protocol: 'TCP', targetPort: 'http', ...(protocol && { appProtocol: protocol }) },
    ] as const
    const local = isLocal ? ({ internalTrafficPolicy: 'Local' } as const) : {}
    const clusterIPs = headless ? ['None'] : []
    const service = givenService(name, { selector: { app: selected }, clusterIPs, ports, ...local })
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
  routeStep.map(({ isHttp, port, ...given }): Step => {
    const route = isHttp ? givenHttpRoute({ ...given, ...(port && { port }) }) : givenTcpRoute(given)
    return (model) => model.applyObjects({ upserted: [route], removed: [] })
  }),
  policyStep.map(({ name, target: { kind, sectionName, ...target }, request }): Step => {
    const group = kind === 'Service' ? '' : 'gateway.networking.k8s.io'
    const targetRef = { group, kind, ...target, ...(sectionName && { sectionName }) } as const
    const policy = givenTrafficPolicy(name, targetRef, request)
    return (model) => model.applyObjects({ upserted: [policy], removed: [] })
  }),
  label.map(
    (name): Step =>
      (model) =>
        model.applyObjects({ upserted: [givenGrant(name, 'other')], removed: [] }),
  ),
  fc.tuple(fc.constantFrom(...REMOVED), label).map(([kind, name]): Step => {
    return (model) => model.applyObjects({ upserted: [], removed: [{ ...kind, name }] })
  }),
  nodeStep.map(({ workload, instance, address, host, owner, state }): Step => {
    const node = { ...givenNode(workload, instance, address), host }
    return (model) => void model.applyRegistration({ node, owner, state })
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

/** Of namespaces, and of hosts of these; empty: any other. */
const CLIENTS = ['', 'shop', 'other', 'shop/', 'shop/n1', 'other/n2'] as const

/** A key as a client sees it. */
interface Seen {
  readonly key: string
  readonly client: string
}

function seenIn(model: Model): Seen[] {
  return keysOf(model).flatMap((key) => CLIENTS.map((client) => ({ key, client })))
}

function destination(model: Model, { key, client }: Seen) {
  const asked = parseClient(client)
  const made = translateDestination(model.resolve(key, asked), { trustDomain: 'heddle.local' })
  const shared = translateDestination(model.resolve(key, model.clientsLike(asked, key)), {
    trustDomain: 'heddle.local',
  })
  expect(shared.version).toBe(made.version)
  return made
}

function inbound(model: Model, instance: string): string {
  return JSON.stringify(translateInbound(model.inbound({ namespace: 'shop', instance })).ports)
}

test('every key and inbound whose meaning changes is among the topics, and its delta leads from old to new', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const clock = new ManualClock()
      const model = createModel({ clock })
      const topics = new Set<string>()
      model.onChange((change) => {
        for (const topic of change.topics) topics.add(topic)
      }, new AbortController().signal)
      for (const apply of [...steps, () => clock.advance(60_000)]) {
        const before = new Map(seenIn(model).map((seen) => [JSON.stringify(seen), destination(model, seen)]))
        const inbounds = new Map(INSTANCES.map((instance) => [instance, inbound(model, instance)]))
        topics.clear()
        apply(model)
        const seen = new Set([...before.keys(), ...seenIn(model).map((one) => JSON.stringify(one))])
        for (const written of seen) {
          const old = before.get(written)
          const one = JSON.parse(written) as Seen
          const now = destination(model, one)
          if (old?.version === now.version) continue
          expect(topics).toContain(topicOfKey(one.key))
          const delta = old && deltaOf(old, now)
          if (delta) expect(applyDelta(old, delta)).toEqual(now)
        }
        for (const [instance, old] of inbounds) {
          if (inbound(model, instance) !== old) expect(topics).toContain(inboundTopic({ namespace: 'shop', instance }))
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('what was built step by step is what a new model makes of the end', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const model = createModel({ clock: new ManualClock() })
      for (const apply of steps) {
        apply(model)
        // Asked after each step: what is kept of an answer must not outlive what it depends on.
        for (const seen of seenIn(model)) destination(model, seen)
      }
      const objects: readonly MeshObject[] = [
        ...model.services('').map(({ service }) => service),
        ...model.workloads(''),
        ...model.objects().filter(({ kind }) => kind !== 'Service' && kind !== 'Workload'),
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
      for (const seen of seenIn(model)) expect(destination(fresh, seen)).toEqual(destination(model, seen))
    }),
    { numRuns: 150 },
  )
})
