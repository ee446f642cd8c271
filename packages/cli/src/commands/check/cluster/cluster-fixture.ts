import { create } from '@bufbuild/protobuf'
import {
  GetHealthResponseSchema,
  GetVersionResponseSchema,
  ProxyStatusSchema,
  WorkloadInstanceSchema,
} from '@heddle/api/admin'
import { readInstallValues } from '@heddle/kube/install/read-values'
import type { PodObject } from '../../../client/control-pod.ts'
import type { MeshFacts } from '../check.ts'
import type { Fact } from '../fact.ts'
import type { InstallFacts, PreFacts, ProxyFacts } from './cluster-facts.ts'

const DAY_MS = 86_400_000

/** What tests take for now. */
export const NOW_MS = Date.UTC(2026, 0, 1)

export function known<T>(value: T): Fact<T> {
  return { kind: 'known', value }
}

export function unknown(reason: string): Fact<never> {
  return { kind: 'unknown', reason, hints: [] }
}

const CRDS = ['httproutes', 'grpcroutes', 'referencegrants', 'tlsroutes', 'tcproutes'].map((plural) => ({
  name: `${plural}.gateway.networking.k8s.io`,
  servedVersions: ['v1'],
  isEstablished: true,
  bundleVersion: 'v1.6.0',
}))

const OWN_CRDS = ['backendpolicies', 'faultpolicies', 'trafficpolicies', 'workloads'].map((plural) => ({
  name: `${plural}.heddle.dev`,
  servedVersions: ['v1alpha1'],
  isEstablished: true,
  bundleVersion: '',
}))

const BASE = {
  contextName: 'test',
  server: 'https://127.0.0.1:1',
  heddleNamespace: 'heddle',
  clientVersion: '0.1.0',
  nowMs: NOW_MS,
  api: known({ major: 1, minor: 33, text: 'v1.33.13' }),
  clock: known({ serverMs: NOW_MS, localMs: NOW_MS, roundTripMs: 5 }),
  nodes: known([{ name: 'node-1', kubelet: { major: 1, minor: 33, text: 'v1.33.13' } }]),
  crds: known([...CRDS, ...OWN_CRDS]),
}

/** A cluster in which Heddle can be installed. */
export const GOOD_PRE: PreFacts = {
  ...BASE,
  namespaceExists: known(false),
  otherInstallations: known([]),
  rights: known([
    { verb: 'create', resource: 'namespaces', namespace: '', isAllowed: true, reason: '' },
    { verb: 'create', resource: 'deployments.apps', namespace: 'heddle', isAllowed: true, reason: '' },
    { verb: 'get', resource: 'secrets', namespace: 'heddle', isAllowed: true, reason: '' },
  ]),
  podRefusal: known(''),
}

/** What a control plane says when all is well. */
export const GOOD_MESH: MeshFacts = {
  clientVersion: '0.1.0',
  version: create(GetVersionResponseSchema, { version: '0.1.0' }),
  health: create(GetHealthResponseSchema, {
    nowMs: BigInt(NOW_MS),
    rootNotAfterMs: BigInt(NOW_MS + 3650 * DAY_MS),
    issuerNotAfterMs: BigInt(NOW_MS + 365 * DAY_MS),
  }),
  faultyObjects: [],
  localNowMs: NOW_MS,
  roundTripMs: 2,
  deployments: [],
  workloads: [
    create(WorkloadInstanceSchema, {
      namespace: 'shop',
      workload: 'web',
      instance: 'web-1',
      meshed: true,
      ready: true,
      notBeforeMs: BigInt(NOW_MS - 3_600_000),
      notAfterMs: BigInt(NOW_MS + 23 * 3_600_000),
    }),
  ],
  proxies: [
    create(ProxyStatusSchema, {
      namespace: 'shop',
      instance: 'web-1',
      workload: 'web',
      proxyVersion: '0.1.0',
      connected: true,
    }),
  ],
  edges: [],
}

/** A pod that is ready, with a container for each name. */
export function podOf(name: string, change: Partial<PodObject> = {}): PodObject {
  return {
    metadata: { name, namespace: 'heddle' },
    spec: { containers: [{ name: 'control' }], nodeName: `node-of-${name}` },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    ...change,
  }
}

const EXPECTED = [
  'Namespace',
  'ServiceAccount',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'Service',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
].map((kind) => ({ kind, namespace: '', name: 'heddle', there: known(true) }))

/** An installation that is well. */
export const GOOD_INSTALL: InstallFacts = {
  ...BASE,
  config: known({ version: '0.1.0', values: readInstallValues([]) }),
  expected: EXPECTED,
  deployment: known({ replicas: 1, ready: 1, updated: 1, image: 'heddle/control:0.1.0', isSpread: true }),
  pods: known([podOf('heddle-control-1')]),
  waiting: new Map(),
  lease: known({ holder: 'heddle-control-1', renewedMs: NOW_MS - 2000, durationMs: 15_000 }),
  trust: known([{ subject: 'CN=root', notBeforeMs: NOW_MS - DAY_MS, notAfterMs: NOW_MS + 3650 * DAY_MS }]),
  webhooks: known(
    ['heddle-injector', 'heddle-validator'].map((configuration) => ({
      configuration,
      name: `${configuration}.heddle.dev`,
      failurePolicy: 'Fail',
      caBundle: 'PEM',
      isTrusted: true,
    })),
  ),
  webhookServer: known({
    subject: 'CN=webhook',
    notBeforeMs: NOW_MS - DAY_MS,
    notAfterMs: NOW_MS + DAY_MS,
    refusal: '',
  }),
  control: known(GOOD_MESH),
}

/** A pod with a proxy that is ready. */
export const MESHED_POD: PodObject = {
  metadata: {
    name: 'web-1',
    namespace: 'shop',
    labels: { app: 'web' },
    annotations: { 'heddle.dev/status': '{}' },
  },
  spec: {
    initContainers: [{ name: 'heddle-proxy' }],
    containers: [{ name: 'web', ports: [{ name: 'http', containerPort: 8080 }] }],
  },
  status: { phase: 'Running', initContainerStatuses: [{ name: 'heddle-proxy', ready: true }] },
}

/** Proxies that are well. */
export const GOOD_PROXIES: ProxyFacts = {
  ...GOOD_INSTALL,
  namespace: '',
  namespaces: known([
    { name: 'shop', annotations: { 'heddle.dev/inject': 'enabled' }, labels: {} },
    { name: 'other', annotations: {}, labels: {} },
  ]),
  meshPods: known([MESHED_POD]),
  nodeAgent: known(undefined),
  services: known([
    {
      metadata: { name: 'web', namespace: 'shop' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
    },
  ]),
}
