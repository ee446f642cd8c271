import { processorMsOf } from '@heddle/testkit/processor-time'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { uninjectWorkload } from './annotate-workload.ts'
import { podWith, VALUES } from './inject-fixture.ts'
import { type InjectOutcome, injectPod } from './inject-pod.ts'
import { PROXY_CONTAINER } from './names.ts'
import type { PodTemplate, TcpSocket } from './pod.ts'

const ENABLED = { 'heddle.dev/inject': 'enabled' }
const DISABLED = { 'heddle.dev/inject': 'disabled' }
const BARE: PodTemplate = { spec: { containers: [{ name: 'web' }] } }

function inject(pod: PodTemplate, namespaceAnnotations = {}): InjectOutcome {
  return injectPod({ pod, namespaceAnnotations, values: VALUES })
}

function injected(pod: PodTemplate): PodTemplate {
  const outcome = inject(pod)
  if (outcome.kind !== 'injected') throw new Error(JSON.stringify(outcome))
  return outcome.pod
}

describe('injectPod()', () => {
  test.each([
    { name: 'nobody asks for it', pod: BARE, namespace: {}, reason: 'not-enabled' },
    { name: 'the namespace is disabled', pod: BARE, namespace: DISABLED, reason: 'disabled' },
    { name: 'the pod is disabled', pod: podWith(DISABLED), namespace: ENABLED, reason: 'disabled' },
    {
      name: 'it is in the network of its node',
      pod: podWith({}, { hostNetwork: true }),
      namespace: {},
      reason: 'host-network',
    },
    {
      name: 'it is not for Linux',
      pod: podWith({}, { os: { name: 'windows' } }),
      namespace: {},
      reason: 'unsupported-os',
    },
    {
      name: 'there is a proxy',
      pod: podWith({}, { containers: [{ name: PROXY_CONTAINER }] }),
      namespace: {},
      reason: 'already-injected',
    },
  ])('skips a pod when $name', ({ pod, namespace, reason }) => {
    expect(inject(pod, namespace)).toMatchObject({ kind: 'skipped', reason })
  })

  test.each([
    { name: 'the pod asks for it', pod: podWith(), namespace: {} },
    { name: 'the namespace asks for it', pod: BARE, namespace: ENABLED },
    { name: 'the pod asks for it in a disabled namespace', pod: podWith(), namespace: DISABLED },
    {
      name: 'it carries the status of a pod that it was copied from',
      pod: podWith({ 'heddle.dev/status': '{"version":"1","hash":"2"}' }),
      namespace: {},
    },
    { name: 'its status cannot be read', pod: podWith({ 'heddle.dev/status': '{' }), namespace: {} },
  ])('injects when $name', ({ pod, namespace }) => {
    expect(inject(pod, namespace)).toMatchObject({ kind: 'injected' })
  })

  test.each([
    { annotation: 'inject', value: 'true', reason: 'one of `enabled`, `disabled`' },
    { annotation: 'proxy-mode', value: 'Native', reason: 'one of `native`, `classic`' },
    { annotation: 'opaque-ports', value: '3306;6379', reason: 'neither a port nor FIRST-LAST' },
    { annotation: 'opaque-ports', value: '90000', reason: 'not from 1 to 65535' },
    { annotation: 'skip-inbound-ports', value: '20-10', reason: 'the first port is above the last' },
    { annotation: 'skip-subnets', value: '10.0.0.0', reason: 'expected a range' },
    { annotation: 'proxy-uid', value: '0', reason: 'a whole number from 1 to 65534' },
    { annotation: 'proxy-cpu-request', value: 'lots', reason: 'CPUs like `100m`' },
    { annotation: 'proxy-memory-limit', value: '64MB', reason: 'bytes like `64Mi`' },
    { annotation: 'proxy-image', value: 'a b', reason: 'an image' },
    { annotation: 'proxy-drain', value: '1h', reason: 'a duration up to `10m`' },
    { annotation: 'proxy-limits', value: 'connectMs', reason: 'limits like' },
  ])('refuses $annotation=$value', ({ annotation, value, reason }) => {
    const name = `heddle.dev/${annotation}`
    const onPod = inject(podWith({ [name]: value }))
    expect(onPod).toMatchObject({
      kind: 'refused',
      problems: [{ annotation: name, value, reason: expect.stringContaining(reason) }],
    })
    if (annotation === 'inject') return
    expect(inject(podWith(), { [name]: value })).toMatchObject({
      kind: 'refused',
      problems: [{ reason: expect.stringContaining('it is on the namespace') }],
    })
  })

  test('tells all wrong annotations at once', () => {
    const outcome = inject(podWith({ 'heddle.dev/proxy-mode': 'x', 'heddle.dev/proxy-uid': '-1' }))
    expect(outcome).toMatchObject({ problems: [{ value: 'x' }, { value: '-1' }] })
  })

  test.each([
    {
      name: 'an annotation is misspelled',
      pod: podWith({ 'heddle.dev/opaque-port': '1' }),
      says: 'did you mean heddle.dev/opaque-ports?',
    },
    {
      name: 'a container runs as the proxy',
      pod: podWith({}, { securityContext: { runAsUser: 15020 } }),
      says: "which is the proxy's",
    },
    {
      name: "a container declares the proxy's port",
      pod: podWith({}, { containers: [{ name: 'web', ports: [{ containerPort: 15001 }] }] }),
      says: 'declares port 15001',
    },
    {
      name: 'a classic sidecar would keep a Job from ending',
      pod: podWith({ 'heddle.dev/proxy-mode': 'classic' }, { restartPolicy: 'Never' }),
      says: 'does not while a classic sidecar runs',
    },
    {
      name: 'a probe names a host',
      pod: podWith({}, { containers: [{ name: 'web', readinessProbe: { tcpSocket: { port: 80, host: 'web' } } }] }),
      says: 'readinessProbe of container web names a host',
    },
    {
      name: 'a probe begins before the proxy',
      pod: podWith(
        { 'heddle.dev/proxy-mode': 'classic' },
        { initContainers: [{ name: 'log', restartPolicy: 'Always', startupProbe: { tcpSocket: { port: 80 } } }] },
      ),
      says: 'startupProbe of container log begins before a classic sidecar',
    },
    {
      name: 'the grace is too short',
      pod: podWith({}, { terminationGracePeriodSeconds: 2 }),
      says: 'less than the proxy takes',
    },
  ])('warns when $name', ({ pod, says }) => {
    expect(inject(pod)).toMatchObject({ kind: 'injected', warnings: [expect.stringContaining(says)] })
  })

  test.each([
    {
      name: 'a status that names as much as fits into a question',
      pod: podWith(
        { 'heddle.dev/status': JSON.stringify({ version: '1', hash: '2', containers: names('c', 200_000) }) },
        { containers: names('d', 200_000).map((name) => ({ name })) },
      ),
    },
    {
      name: 'a status that names the probes of as many containers',
      pod: podWith(
        {
          'heddle.dev/status': JSON.stringify({
            version: '1',
            hash: '2',
            tcpProbes: names('c', 50_000).map((container) => ({ container, probe: 'startupProbe', tcpSocket: {} })),
          }),
          'heddle.dev/proxy-mode': 'classic',
        },
        {
          initContainers: names('d', 50_000).map((name) => ({ name, startupProbe: { tcpSocket: { port: 1 } } })),
          containers: names('e', 50_000).map((name) => ({ name, startupProbe: { tcpSocket: { port: 1 } } })),
        },
      ),
    },
    {
      name: 'a hundred thousand annotations that are none',
      pod: podWith(Object.fromEntries(names('heddle.dev/opaque-prots-', 100_000).map((name) => [name, '']))),
    },
  ])('soon gives an answer about $name', ({ pod }) => {
    const tookMs = processorMsOf(() => expect(inject(pod)).toMatchObject({ kind: 'injected' }))
    expect(tookMs).toBeLessThan(5_000)
  })

  test.each([
    { annotation: 'skip-outbound-ports', value: '25 -j ACCEPT\n-A OUTPUT -j DROP' },
    { annotation: 'skip-subnets', value: '10.0.0.0/8\nCOMMIT' },
    { annotation: 'skip-subnets', value: '$(cat /etc/passwd)/8' },
    { annotation: 'proxy-image', value: 'a"\n  command: [sh]' },
    { annotation: 'proxy-image', value: '--privileged' },
    { annotation: 'proxy-limits', value: 'connectMs=1,$(HEDDLE_TRUST_BUNDLE)=2' },
    { annotation: 'proxy-uid', value: '1e3' },
    { annotation: 'proxy-uid', value: '15020 --uid-owner 0' },
    { annotation: 'proxy-log-level', value: '__proto__' },
    { annotation: 'proxy-mode', value: 'constructor' },
    { annotation: 'proxy-cpu-limit', value: '1\n' },
  ])('lets nothing of $annotation=$value into a pod', ({ annotation, value }) => {
    const outcome = inject(podWith({ [`heddle.dev/${annotation}`]: value }))
    // Spaces around a value do not count.
    if (value.trim() !== value) return expect(JSON.stringify(outcome)).not.toContain('"cpu":"1\\n"')
    expect(outcome).toMatchObject({ kind: 'refused', problems: [{ value }] })
  })

  test('says nothing of a native sidecar in a Job', () => {
    expect(inject(podWith({}, { restartPolicy: 'Never' }))).toMatchObject({ warnings: [] })
  })

  test('has the kubelet ask the proxy for what its own connection cannot tell', () => {
    const containers = [{ name: 'web', readinessProbe: { tcpSocket: { port: 8080 }, timeoutSeconds: 5 } }]
    const [, proxy] = injected(podWith({}, { containers })).spec!.initContainers!
    const pod = injected(podWith({}, { containers }))
    const path = '/probe/tcp/8080/5'
    const readinessProbe = { httpGet: { path, port: 15_020 }, timeoutSeconds: 5 }
    expect(pod.spec!.containers).toEqual([{ name: 'web', readinessProbe }])
    expect(proxy!.env).toContainEqual({ name: 'HEDDLE_TCP_PROBES', value: '8080/5' })
  })

  test.each([
    { name: 'it is not to be', annotations: { 'heddle.dev/rewrite-tcp-probes': 'disabled' }, tcpSocket: { port: 80 } },
    { name: 'its port is skipped', annotations: { 'heddle.dev/skip-inbound-ports': '80' }, tcpSocket: { port: 80 } },
    { name: 'there is no port of its name', annotations: {}, tcpSocket: { port: 'http' } },
    { name: 'it says nothing', annotations: {}, tcpSocket: null as unknown as TcpSocket },
  ])('leaves a probe by tcpSocket alone where $name, and says nothing', ({ annotations, tcpSocket }) => {
    const containers = [{ name: 'web', livenessProbe: { tcpSocket } }]
    const outcome = inject(podWith(annotations, { containers }))
    expect(outcome).toMatchObject({ pod: { spec: { containers } }, warnings: [] })
    expect(JSON.stringify(outcome)).not.toContain('HEDDLE_TCP_PROBES')
  })

  test('takes a probe that was changed after the injection as it is', () => {
    const containers = [{ name: 'web', readinessProbe: { tcpSocket: { port: 8080 } } }]
    const pod = injected(podWith({}, { containers }))
    const changed = [{ name: 'web', readinessProbe: { httpGet: { path: '/ready', port: 8080 } } }]
    const again = { ...pod, spec: { ...pod.spec, containers: changed } }
    const outcome = injectPod({ pod: again, namespaceAnnotations: {}, values: VALUES, earlier: 'replace' })
    expect(outcome).toMatchObject({ kind: 'injected', pod: { spec: { containers: changed } } })
  })

  test('asks for nothing that Pod Security forbids as restricted, where the agent of the node redirects', () => {
    const pod = injected(podWith({ 'heddle.dev/interception': 'node-agent' }))
    const added = pod.spec!.initContainers!
    expect(added.map(({ name }) => name)).toEqual(['heddle-validate', 'heddle-proxy'])
    for (const { securityContext } of added) {
      expect(securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      expect(securityContext).not.toHaveProperty('capabilities.add')
    }
  })

  test('replaces an injection with other values only where it is asked to', () => {
    const pod = injected(podWith())
    const values = { ...VALUES, proxyImage: 'heddle/proxy:2' }
    expect(injectPod({ pod, namespaceAnnotations: {}, values })).toMatchObject({ reason: 'already-injected' })
    const again = injectPod({ pod, namespaceAnnotations: {}, values, earlier: 'replace' })
    expect(again).toEqual(injectPod({ pod: podWith(), namespaceAnnotations: {}, values }))
  })
})

function names(start: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${start}${at}`)
}

const NAME = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/)
const PORT = fc.oneof(fc.integer({ min: 1, max: 65_535 }), NAME)
const PROBE = fc.oneof(
  fc.record({ tcpSocket: fc.record({ port: PORT }), timeoutSeconds: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ tcpSocket: fc.record({ port: PORT, host: NAME }) }),
  fc.record({ httpGet: fc.record({ port: PORT, path: fc.string() }) }),
)
const CONTAINER = fc.record(
  {
    name: NAME,
    image: fc.string(),
    env: fc.array(fc.record({ name: NAME, value: fc.string() })),
    ports: fc.array(fc.record({ name: NAME, containerPort: fc.integer({ min: 1, max: 65_535 }) })),
    startupProbe: PROBE,
    readinessProbe: PROBE,
    livenessProbe: PROBE,
  },
  { requiredKeys: ['name'] },
)
const INIT_CONTAINER = CONTAINER.map((container) => ({ ...container, name: `init-${container.name}` }))
const POD = fc.record(
  {
    kind: fc.constant('Pod'),
    apiVersion: fc.constant('v1'),
    metadata: fc.record({
      name: NAME,
      labels: fc.option(fc.dictionary(NAME, NAME, { minKeys: 1 }), { nil: undefined }),
      annotations: fc.dictionary(NAME, fc.string()),
    }),
    spec: fc.record({
      containers: fc.uniqueArray(CONTAINER, { minLength: 1, selector: ({ name }) => name }),
      initContainers: fc.option(fc.uniqueArray(INIT_CONTAINER, { minLength: 1, selector: ({ name }) => name }), {
        nil: undefined,
      }),
      volumes: fc.option(fc.array(fc.record({ name: NAME }), { minLength: 1 }), { nil: undefined }),
    }),
  },
  { noNullPrototype: true },
)
const MODES = fc.constantFrom('native', 'classic')

describe('of any pod', () => {
  test('injecting twice is as injecting once, and taking it out gives back what was', () => {
    fc.assert(
      fc.property(POD, MODES, (given, mode) => {
        const own = { 'heddle.dev/proxy-mode': mode, ...ENABLED }
        const bare = JSON.parse(JSON.stringify(given)) as PodTemplate
        const pod = { ...bare, metadata: { ...bare.metadata, annotations: { ...bare.metadata?.annotations, ...own } } }
        const once = injected(pod)
        for (const earlier of ['keep', 'replace'] as const) {
          const twice = injectPod({ pod: once, namespaceAnnotations: {}, values: VALUES, earlier })
          expect(twice).toMatchObject({ kind: 'skipped', reason: 'already-injected' })
        }
        const { annotations, ...metadata } = bare.metadata!
        const expected = { ...bare, metadata: Object.keys(annotations!).length === 0 ? metadata : bare.metadata }
        expect(uninjectWorkload(once).object).toEqual(expected)
      }),
    )
  })
})
