import { expect, test } from 'vitest'
import { parse } from 'yaml'
import type { KubeDraft } from '../client/client.ts'
import { readInstallValues, type ValuesInput } from './read-install-values.ts'
import { renderInstall } from './render-install.ts'

function render(...inputs: readonly ValuesInput[]): readonly KubeDraft[] {
  return renderInstall(readInstallValues(inputs), 'mesh')
}

const set = (text: string): ValuesInput => ({ kind: 'set', text })

/** What is at `path` of the object that is called `KIND NAME`. */
function at(objects: readonly KubeDraft[], called: string, path: string): unknown {
  const found: unknown = objects.find((one) => `${one.kind} ${one.metadata.name}` === called)
  if (found === undefined) throw new Error(`there is no ${called}`)
  return path.split('.').reduce<unknown>((value, name) => (value as Readonly<Record<string, unknown>>)[name], found)
}

const SHORT = (one: KubeDraft): string => `${one.kind} ${one.metadata.namespace ?? '-'}/${one.metadata.name}`

test('renderInstall() gives every object before those that need it', () => {
  expect(render().map(SHORT)).toEqual([
    'Namespace -/mesh',
    'ServiceAccount mesh/control-plane',
    'ServiceAccount mesh/heddle-viewer',
    'ServiceAccount mesh/heddle-operator',
    'ClusterRole -/heddle-control',
    'ClusterRoleBinding -/heddle-control',
    'Role mesh/heddle-control',
    'RoleBinding mesh/heddle-control',
    'Role mesh/heddle-viewer',
    'Role mesh/heddle-operator',
    'ClusterRole -/heddle-objects-view',
    'ClusterRole -/heddle-objects-edit',
    'ConfigMap mesh/heddle-config',
    'Service mesh/heddle-control',
    'Service mesh/heddle-webhook',
    'Deployment mesh/heddle-control',
    'MutatingWebhookConfiguration -/heddle-injector',
    'ValidatingWebhookConfiguration -/heddle-validator',
  ])
})

test('renderInstall() labels each object with the installation', () => {
  const labels = render({ kind: 'ha' }).map(({ metadata }) => metadata.labels?.['heddle.dev/installation'])
  expect(new Set(labels)).toEqual(new Set(['mesh']))
})

test('the control plane runs as nobody in particular, and needs no right on its node', () => {
  const pod = 'spec.template.spec'
  expect(at(render(), 'Deployment heddle-control', `${pod}.securityContext`)).toMatchObject({
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  })
  expect(at(render(), 'Deployment heddle-control', `${pod}.containers.0.securityContext`)).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
})

test('the control plane may change nothing but what is its own', () => {
  const writes = ['create', 'update', 'patch', 'delete', 'deletecollection', '*']
  const objects = render()
  const rules = ['ClusterRole', 'Role'].flatMap((kind) => {
    const all = at(objects, `${kind} heddle-control`, 'rules') as readonly Rule[]
    return all.map((rule) => ({ kind, ...rule }))
  })
  const unnamed = rules
    .filter(({ verbs, resourceNames }) => resourceNames === undefined && verbs.some((verb) => writes.includes(verb)))
    .map(({ kind, resources, verbs }) => `${kind}: ${verbs} ${resources}`)
  expect(unnamed).toEqual([
    'ClusterRole: patch grpcroutes/status,httproutes/status,tcproutes/status,tlsroutes/status',
    'ClusterRole: patch backendpolicies/status,faultpolicies/status,trafficpolicies/status,workloads/status',
    'ClusterRole: create tokenreviews',
    'Role: create configmaps,secrets',
    'Role: create leases',
  ])
  expect(rules.filter(({ kind, resources }) => kind === 'ClusterRole' && resources.includes('secrets'))).toEqual([])
})

interface Rule {
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

test('webhooks never ask about kube-system, the own namespace, or the own pods', () => {
  const objects = render(set('webhooks.excludedNamespaces=calico-system,kube-system'))
  const injector = at(objects, 'MutatingWebhookConfiguration heddle-injector', 'webhooks.0')
  const validator = at(objects, 'ValidatingWebhookConfiguration heddle-validator', 'webhooks.0')
  for (const webhook of [injector, validator]) {
    expect(webhook).toHaveProperty('namespaceSelector', {
      matchExpressions: [
        { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', 'mesh', 'calico-system'] },
      ],
    })
    expect(webhook).toMatchObject({ failurePolicy: 'Ignore', sideEffects: 'None', timeoutSeconds: 10 })
  }
  expect(injector).toHaveProperty('objectSelector', {
    matchExpressions: [{ key: 'heddle.dev/component', operator: 'NotIn', values: ['control-plane'] }],
  })
})

test('--ha asks for replicas on nodes of their own, a budget, and webhooks that are never passed by', () => {
  const objects = render({ kind: 'ha' })
  expect(at(objects, 'Deployment heddle-control', 'spec')).toMatchObject({
    replicas: 3,
    strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    template: {
      spec: {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname' }],
          },
        },
      },
    },
  })
  expect(at(objects, 'PodDisruptionBudget heddle-control', 'spec')).toMatchObject({ maxUnavailable: 1 })
  expect(at(objects, 'MutatingWebhookConfiguration heddle-injector', 'webhooks.0')).toMatchObject({
    failurePolicy: 'Fail',
  })
})

test('the ConfigMap holds all values, and what was said of them', () => {
  const data = at(render(set('proxy.logLevel=warn')), 'ConfigMap heddle-config', 'data') as Readonly<
    Record<string, string>
  >
  expect(parse(data['values.yaml']!)).toMatchObject({ proxy: { logLevel: 'warn', mode: 'native' } })
  expect(parse(data['overrides.yaml']!)).toEqual({ proxy: { logLevel: 'warn' } })
})

test('pods of the control plane are replaced exactly when values change', () => {
  const checksum = (...inputs: readonly ValuesInput[]): unknown =>
    at(render(...inputs), 'Deployment heddle-control', 'spec.template.metadata.annotations')
  expect(checksum()).toEqual(checksum(set('proxy.logLevel=info')))
  expect(checksum()).not.toEqual(checksum(set('proxy.logLevel=warn')))
})

test('access of people is bound where it is said, a ServiceAccount without namespace in the own one', () => {
  const objects = render(set('access.viewers=[{"kind":"Group","name":"team"},{"kind":"ServiceAccount","name":"ci"}]'))
  expect(at(objects, 'RoleBinding heddle-viewer', 'subjects')).toEqual([
    { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'team' },
    { kind: 'ServiceAccount', name: 'ci', namespace: 'mesh' },
  ])
  expect(objects.some(({ kind, metadata }) => kind === 'RoleBinding' && metadata.name === 'heddle-operator')).toBe(
    false,
  )
})
