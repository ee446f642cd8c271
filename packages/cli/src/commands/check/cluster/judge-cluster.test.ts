import { create } from '@bufbuild/protobuf'
import {
  ConfigObjectSchema,
  EdgeSchema,
  GetHealthResponseSchema,
  GetVersionResponseSchema,
  ProxyStatusSchema,
} from '@heddle/api/admin'
import { readInstallValues } from '@heddle/kube/install/read-values'
import { expect, test } from 'vitest'
import type { PodObject } from '../../../client/control-pod.ts'
import type { CategoryResult } from '../check.ts'
import type { InstallFacts, PreFacts, ProxyFacts } from './cluster-facts.ts'
import {
  GOOD_INSTALL,
  GOOD_MESH,
  GOOD_PRE,
  GOOD_PROXIES,
  known,
  MESHED_POD,
  NOW_MS,
  podOf,
  unknown,
} from './cluster-fixture.ts'
import { judgeInstall, judgePre, judgeProxies } from './judge-cluster.ts'

const DAY_MS = 86_400_000

/** `ID kind: details` of each check that is not well. */
function complaints(results: readonly CategoryResult[]): readonly string[] {
  return results.flatMap(({ checks }) =>
    checks.flatMap(({ id, verdict }) =>
      verdict.kind === 'success' ? [] : [`${id} ${verdict.kind}: ${verdict.details.join('; ')}`],
    ),
  )
}

test('a cluster, an installation and proxies that are well have no complaints', () => {
  expect(complaints(judgePre(GOOD_PRE))).toEqual([])
  expect(complaints(judgeInstall(GOOD_INSTALL))).toEqual([])
  expect(complaints(judgeProxies(GOOD_PROXIES))).toEqual([])
})

const old = { major: 1, minor: 24, text: 'v1.24.1' }
const PRE_CASES: readonly { readonly says: string; readonly change: Partial<PreFacts> }[] = [
  { says: 'kubernetes-api-query error: connection refused', change: { api: unknown('connection refused') } },
  { says: 'kubernetes-version error: the API server is v1.24.1', change: { api: known(old) } },
  { says: 'native-sidecars warning: node a is v1.24.1', change: { nodes: known([{ name: 'a', kubelet: old }]) } },
  { says: 'native-sidecars warning: not known: may not list nodes', change: { nodes: unknown('may not list nodes') } },
  {
    says: 'kubernetes-clock-skew error: this host is 2m behind the API server',
    change: { clock: known({ serverMs: NOW_MS + 121_000, localMs: NOW_MS, roundTripMs: 0 }) },
  },
  {
    says: 'gateway-api-crds warning: httproutes.gateway.networking.k8s.io does not serve v1, but v1beta1; grpcroutes.gateway.networking.k8s.io is missing; referencegrants.gateway.networking.k8s.io is missing',
    change: {
      crds: known([
        {
          name: 'httproutes.gateway.networking.k8s.io',
          servedVersions: ['v1beta1'],
          isEstablished: true,
          bundleVersion: '',
        },
      ]),
    },
  },
  { says: 'pre-namespace warning: namespace "heddle" exists', change: { namespaceExists: known(true) } },
  {
    says: 'pre-one-installation error: there is one in namespace "mesh"',
    change: { otherInstallations: known(['mesh']) },
  },
  {
    says: 'pre-cluster-resources error: may not create clusterroles.rbac.authorization.k8s.io in the cluster: no rule',
    change: {
      rights: known([
        {
          verb: 'create',
          resource: 'clusterroles.rbac.authorization.k8s.io',
          namespace: '',
          isAllowed: false,
          reason: 'no rule',
        },
      ]),
    },
  },
  {
    says: 'pre-read-secrets error: may not get secrets in namespace "heddle"',
    change: {
      rights: known([{ verb: 'get', resource: 'secrets', namespace: 'heddle', isAllowed: false, reason: '' }]),
    },
  },
  { says: 'pre-net-admin warning: violates PodSecurity', change: { podRefusal: known('violates PodSecurity') } },
]

test.each(PRE_CASES)('check --pre says: $says', ({ says, change }) => {
  expect(complaints(judgePre({ ...GOOD_PRE, ...change }))).toEqual([says])
})

const without = (kind: string) =>
  GOOD_INSTALL.expected.map((one) => (one.kind === kind ? { ...one, there: known(false) } : one))

const INSTALL_CASES: readonly { readonly says: string; readonly change: Partial<InstallFacts> }[] = [
  {
    says: 'one-installation error: there is one in namespace "mesh"',
    change: { expected: GOOD_INSTALL.expected.map((one) => ({ ...one, owner: 'mesh' })) },
  },
  { says: 'namespace-exists error: Namespace heddle is missing', change: { expected: without('Namespace') } },
  { says: 'config-exists error: there is no ConfigMap heddle-config', change: { config: known(undefined) } },
  {
    says: 'service-accounts-exist error: ServiceAccount heddle is missing',
    change: { expected: without('ServiceAccount') },
  },
  {
    says: 'cluster-roles-exist error: ClusterRoleBinding heddle is missing',
    change: { expected: without('ClusterRoleBinding') },
  },
  { says: 'roles-exist error: Role heddle is missing', change: { expected: without('Role') } },
  { says: 'services-exist error: Service heddle is missing', change: { expected: without('Service') } },
  {
    says: 'webhooks-exist error: ValidatingWebhookConfiguration heddle is missing',
    change: { expected: without('ValidatingWebhookConfiguration') },
  },
  {
    says: 'services-exist warning: Service heddle: may not read Service heddle',
    change: {
      expected: GOOD_INSTALL.expected.map((one) =>
        one.kind === 'Service' ? { ...one, there: unknown('may not read Service heddle') } : one,
      ),
    },
  },
  {
    says: 'control-plane-replicas warning: 0 of 1 are of the newest version of the Deployment',
    change: {
      deployment: known({ replicas: 1, ready: 1, updated: 0, image: '', isSpread: true }),
      pods: known([podOf('a'), podOf('b'), podOf('c')]),
    },
  },
  {
    says: 'control-plane-replicas error: there is no Deployment heddle-control',
    change: { deployment: known(undefined) },
  },
  { says: 'control-plane-pods error: there is none', change: { pods: known([]) } },
  {
    says: 'control-plane-pods error: a is Running; the configuration is not read yet; pods (v1): cannot list',
    change: {
      pods: known([podOf('a', { status: { phase: 'Running' } })]),
      waiting: new Map([['a', ['the configuration is not read yet', 'pods (v1): cannot list']]]),
    },
  },
  {
    says: 'control-plane-leader warning: nobody holds Lease heddle-control-leader',
    change: { lease: known(undefined) },
  },
  {
    says: 'control-plane-leader warning: a has not renewed it for 60 s',
    change: { lease: known({ holder: 'a', renewedMs: NOW_MS - 60_000, durationMs: 15_000 }) },
  },
  { says: 'control-plane-api error: refused', change: { control: unknown('refused') } },
  {
    says: 'cluster-objects-accepted error: HTTPRoute shop/cart, Service shop/cart: not Accepted (NoMatchingParent): none',
    change: {
      control: known({
        ...GOOD_MESH,
        faultyObjects: [
          create(ConfigObjectSchema, {
            ref: { kind: 'HTTPRoute', namespace: 'shop', name: 'cart' },
            conditions: [
              {
                about: 'Service shop/cart',
                type: 'Accepted',
                status: 'False',
                reason: 'NoMatchingParent',
                message: 'none',
              },
            ],
          }),
        ],
      }),
    },
  },
  {
    says: 'trust-root-validity warning: the root certificate expires in 59d',
    change: { trust: known([{ subject: 'CN=root', notBeforeMs: 0, notAfterMs: NOW_MS + 59 * DAY_MS }]) },
  },
  {
    says: 'issuer-certificate-validity warning: the issuer certificate expires in 10d',
    change: {
      control: known({
        ...GOOD_MESH,
        health: create(GetHealthResponseSchema, {
          nowMs: BigInt(NOW_MS),
          issuerNotAfterMs: BigInt(NOW_MS + 10 * DAY_MS),
        }),
      }),
    },
  },
  {
    says: 'webhook-injector error: heddle-injector.heddle.dev has no caBundle',
    change: {
      webhooks: known([
        {
          configuration: 'heddle-injector',
          name: 'heddle-injector.heddle.dev',
          failurePolicy: 'Fail',
          caBundle: '',
          isTrusted: false,
        },
        { configuration: 'heddle-validator', name: 'v', failurePolicy: 'Fail', caBundle: 'PEM', isTrusted: true },
      ]),
    },
  },
  {
    says: "webhook-validator error: the caBundle of v is not the mesh's trust bundle",
    change: {
      webhooks: known([
        { configuration: 'heddle-injector', name: 'i', failurePolicy: 'Fail', caBundle: 'PEM', isTrusted: true },
        { configuration: 'heddle-validator', name: 'v', failurePolicy: 'Fail', caBundle: 'PEM', isTrusted: false },
      ]),
    },
  },
  {
    says: 'webhook-server-certificate error: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    change: {
      webhookServer: known({
        subject: '',
        notBeforeMs: 0,
        notAfterMs: NOW_MS + DAY_MS,
        refusal: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      }),
    },
  },
  {
    says: 'webhook-server-certificate warning: it expires in 10m',
    change: { webhookServer: known({ subject: '', notBeforeMs: 0, notAfterMs: NOW_MS + 600_000, refusal: '' }) },
  },
  {
    says: 'control-plane-installed-version warning: installed 0.2.0, running 0.1.0',
    change: { config: known({ version: '0.2.0', values: readInstallValues([]) }) },
  },
  {
    says: 'control-plane-cli-version warning: command line 0.2.0, control plane 0.1.0',
    change: { clientVersion: '0.2.0' },
  },
]

test.each(INSTALL_CASES)('what to do about it can be done as it is said: $says', ({ change }) => {
  const facts = { ...GOOD_INSTALL, ...change, heddleNamespace: 'mesh' }
  const remedies = judgeInstall(facts).flatMap(({ checks }) =>
    checks.flatMap(({ verdict }) => (verdict.kind === 'success' ? [] : [verdict.remedy])),
  )
  expect(remedies.filter((remedy) => /NAMESPACE|-n heddle\b/.test(remedy))).toEqual([])
})

test.each(INSTALL_CASES)('check says: $says', ({ says, change }) => {
  expect(complaints(judgeInstall({ ...GOOD_INSTALL, ...change }))).toEqual([says])
})

test('nothing behind a failure that is fatal is judged', () => {
  const names = judgeInstall({ ...GOOD_INSTALL, control: unknown('refused') }).map(({ name }) => name)
  expect(names.at(-1)).toBe('heddle-api')
})

const ENDING = podOf('a', {
  status: {
    phase: 'Running',
    containerStatuses: [{ name: 'control', ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
  },
})

test.each<{ readonly when: string; readonly change: Partial<InstallFacts> }>([
  { when: 'the control plane does not start again', change: { pods: known([ENDING]) } },
  { when: 'the control plane still runs', change: { control: unknown('certificate has expired') } },
])('a root that has expired is named where $when', ({ change }) => {
  const trust = known([{ subject: 'CN=root', notBeforeMs: 0, notAfterMs: NOW_MS - DAY_MS }])
  const said = complaints(judgeInstall({ ...GOOD_INSTALL, trust, ...change }))
  expect(said).toContain('trust-root-validity error: the root certificate expired at 2025-12-31T00:00:00Z')
})

test('what is said of an issuer that was not replaced is another thing than of a root that ends', () => {
  const remedyWith = (rootDays: number) => {
    const times = { rootNotAfterMs: BigInt(NOW_MS + rootDays * DAY_MS), issuerNotAfterMs: BigInt(NOW_MS + 10 * DAY_MS) }
    const health = create(GetHealthResponseSchema, { nowMs: BigInt(NOW_MS), ...times })
    const results = judgeInstall({ ...GOOD_INSTALL, control: known({ ...GOOD_MESH, health }) })
    const verdict = results
      .flatMap(({ checks }) => checks)
      .find(({ id }) => id === 'issuer-certificate-validity')?.verdict
    return verdict?.kind === 'warning' ? verdict.remedy : ''
  }
  expect(remedyWith(3650)).toContain('logs deploy/heddle-control')
  expect(remedyWith(10)).toContain('docs/tasks/replace-the-root.md')
})

test('several replicas are checked for what makes them worth it', () => {
  const deployment = known({ replicas: 2, ready: 2, updated: 2, image: '', isSpread: false })
  const onOne = podOf('a', { spec: { nodeName: 'node-1' } })
  const facts = { ...GOOD_INSTALL, deployment, pods: known([onOne, { ...onOne, metadata: { name: 'b' } }]) }
  expect(complaints(judgeInstall(facts))).toEqual([
    'ha-replicas warning: it has 2; all of them are on node node-1',
    'ha-anti-affinity warning: the Deployment has no pod anti-affinity',
    'ha-disruption-budget warning: there is none',
  ])
})

const withPods = (...pods: (typeof MESHED_POD)[]): Partial<ProxyFacts> => ({ meshPods: known(pods) })
const pod = (change: object): typeof MESHED_POD => ({ ...MESHED_POD, metadata: { ...MESHED_POD.metadata, ...change } })
const proxyOf = (instance: string) =>
  create(ProxyStatusSchema, { namespace: 'shop', instance, proxyVersion: '0.1.0', connected: true })
const proxies = (change: object): Partial<ProxyFacts> => ({
  control: known({
    ...GOOD_MESH,
    proxies: [
      create(ProxyStatusSchema, {
        namespace: 'shop',
        instance: 'web-1',
        proxyVersion: '0.1.0',
        connected: true,
        ...change,
      }),
    ],
  }),
})

const PROXY_CASES: readonly { readonly says: string; readonly change: Partial<ProxyFacts> }[] = [
  { says: 'data-plane-namespace error: there is no namespace "none"', change: { namespace: 'none' } },
  { says: 'data-plane-exists warning: no pod has one', change: withPods() },
  {
    says: 'data-plane-proxies-ready error: shop/web-1: CrashLoopBackOff',
    change: withPods({
      ...MESHED_POD,
      status: {
        phase: 'Running',
        initContainerStatuses: [
          { name: 'heddle-proxy', ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } } },
        ],
      },
    }),
  },
  {
    says: 'data-plane-injected warning: shop/old has none',
    change: withPods(MESHED_POD, { metadata: { name: 'old', namespace: 'shop' }, status: { phase: 'Running' } }),
  },
  {
    says: 'data-plane-injected warning: shop/net has none: host-network',
    change: withPods(MESHED_POD, {
      metadata: { name: 'net', namespace: 'shop', annotations: { 'heddle.dev/inject-skipped': 'host-network' } },
    }),
  },
  { says: 'data-plane-connected error: shop/web-1 is not connected', change: proxies({ connected: false }) },
  {
    says: 'data-plane-connected error: shop/web-1 is not connected',
    change: { control: known({ ...GOOD_MESH, proxies: [] }) },
  },
  {
    says: 'data-plane-configuration error: applied on 0 of 1 proxies; shop/web-1 refused a change: too large',
    change: proxies({ problems: ['too large'] }),
  },
  {
    says: 'data-plane-version warning: shop/web-1 is 0.0.9, the control plane 0.1.0',
    change: proxies({ proxyVersion: '0.0.9' }),
  },
  {
    says: 'node-agent error: there is no DaemonSet heddle-node-agent, and 1 pod needs it',
    change: withPods({
      ...MESHED_POD,
      spec: { ...MESHED_POD.spec, initContainers: [{ name: 'heddle-validate' }, { name: 'heddle-proxy' }] },
    }),
  },
  {
    says: 'node-agent warning: it belongs to the installation in namespace "mesh", whose version and image it has',
    change: { nodeAgent: known({ wanted: 2, ready: 2, owner: 'mesh' }) },
  },
  {
    says: 'node-agent warning: it is ready on 1 of 2 nodes',
    change: { nodeAgent: known({ wanted: 2, ready: 1 }) },
  },
  {
    says: 'data-plane-annotations warning: shop/web-1: annotation heddle.dev/opaque-port has no effect on a pod; did you mean heddle.dev/opaque-ports?',
    change: withPods(pod({ annotations: { ...MESHED_POD.metadata.annotations, 'heddle.dev/opaque-port': '1' } })),
  },
  {
    says: 'data-plane-annotations warning: namespace shop: annotation heddle.dev/proxy-mod has no effect on a pod; did you mean heddle.dev/proxy-mode?',
    change: {
      namespaces: known([
        { name: 'shop', annotations: { 'heddle.dev/inject': 'enabled', 'heddle.dev/proxy-mod': 'native' }, labels: {} },
      ]),
    },
  },
  {
    says: 'data-plane-labels warning: namespace shop has the label heddle.dev/inject, which is an annotation',
    change: {
      namespaces: known([
        { name: 'shop', annotations: { 'heddle.dev/inject': 'enabled' }, labels: { 'heddle.dev/inject': 'enabled' } },
        { name: 'heddle', annotations: {}, labels: { 'heddle.dev/inject': 'disabled' } },
      ]),
    },
  },
  {
    says: 'data-plane-labels warning: shop/web-1 has the label heddle.dev/opaque-ports, which is an annotation',
    change: withPods(
      pod({
        labels: {
          ...MESHED_POD.metadata.labels,
          'heddle.dev/opaque-ports': '1',
          'heddle.dev/control-plane-ns': 'heddle',
        },
      }),
    ),
  },
  {
    says: 'data-plane-service-annotations warning: Service shop/db: heddle.dev/skip-inbound-ports',
    change: {
      services: known([
        { metadata: { name: 'db', namespace: 'shop', annotations: { 'heddle.dev/skip-inbound-ports': '1' } } },
      ]),
    },
  },
  {
    says: 'opaque-ports warning: port 80 of Service shop/web is opaque on 1 of 2 pods',
    change: {
      ...withPods(
        MESHED_POD,
        pod({ name: 'web-2', annotations: { ...MESHED_POD.metadata.annotations, 'heddle.dev/opaque-ports': '8080' } }),
      ),
      control: known({ ...GOOD_MESH, proxies: [...GOOD_MESH.proxies, proxyOf('web-2')] }),
    },
  },
  {
    says: 'data-plane-secured warning: shop/web to shop/db is in plain: destination_unmeshed',
    change: {
      control: known({
        ...GOOD_MESH,
        edges: [
          create(EdgeSchema, {
            srcNamespace: 'shop',
            src: 'web',
            dstNamespace: 'shop',
            dst: 'db',
            reason: 'destination_unmeshed',
          }),
        ],
      }),
    },
  },
]

test.each(PROXY_CASES)('check --proxy says: $says', ({ says, change }) => {
  expect(complaints(judgeProxies({ ...GOOD_PROXIES, ...change }))).toEqual([says])
})

test('a pod that cannot have a proxy is not to be made anew for it', () => {
  const remedyOf = (annotations: Readonly<Record<string, string>>) => {
    const facts = {
      ...GOOD_PROXIES,
      ...withPods(MESHED_POD, { metadata: { name: 'net', namespace: 'shop', annotations } }),
    }
    const results = judgeProxies(facts).flatMap(({ checks }) => checks)
    const verdict = results.find(({ id }) => id === 'data-plane-injected')?.verdict
    return verdict?.kind === 'warning' ? verdict.remedy : ''
  }
  expect(remedyOf({})).toContain('rollout restart')
  expect(remedyOf({ 'heddle.dev/inject-skipped': 'host-network' })).toContain('heddle.dev/inject: disabled')
})

test('check --proxy -n looks at one namespace only', () => {
  const facts = { ...GOOD_PROXIES, ...proxies({ connected: false }), namespace: 'other', meshPods: known([MESHED_POD]) }
  expect(complaints(judgeProxies(facts))).toEqual([])
})

test('check --proxy misses no connection of a pod that is about to be gone, or has just started', () => {
  const deletionTimestamp = new Date(NOW_MS).toISOString()
  const startedSince = (ms: number): PodObject => {
    const running = { startedAt: new Date(NOW_MS - ms).toISOString() }
    return {
      ...MESHED_POD,
      status: { phase: 'Running', initContainerStatuses: [{ name: 'heddle-proxy', ready: true, state: { running } }] },
    }
  }
  const saidOf = (...pods: PodObject[]) =>
    complaints(judgeProxies({ ...GOOD_PROXIES, ...proxies({ connected: false }), meshPods: known(pods) }))
  expect(saidOf({ ...MESHED_POD, metadata: { ...MESHED_POD.metadata, deletionTimestamp } })).toEqual([])
  expect(saidOf(pod({ name: 'web-9' }))).toEqual(['data-plane-connected error: shop/web-9 is not connected'])
  expect(saidOf(startedSince(5_000))).toEqual([])
  expect(saidOf(startedSince(60_000))).toHaveLength(1)
})

test('check --proxy misses no connection of a pod that was gone before it was looked for', () => {
  const gone = { ...proxyOf('web-0'), connected: false }
  const facts = { ...GOOD_PROXIES, control: known({ ...GOOD_MESH, proxies: [gone, ...GOOD_MESH.proxies] }) }
  expect(complaints(judgeProxies(facts))).toEqual([])
})

test('a control plane of another version is named once for each that differs from it', () => {
  const control = known({ ...GOOD_MESH, version: create(GetVersionResponseSchema, { version: '0.3.0' }) })
  expect(complaints(judgeInstall({ ...GOOD_INSTALL, control }))).toEqual([
    'control-plane-cli-version warning: command line 0.1.0, control plane 0.3.0',
    'control-plane-installed-version warning: installed 0.1.0, running 0.3.0',
  ])
})
