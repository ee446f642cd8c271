import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import type { Instance } from '../model/instance.ts'
import { createModel, type Model } from '../model/model.ts'
import type { ScopeKind } from '../telemetry/resource-scope.ts'
import { canBe, knownResources } from './known-resources.ts'

function podOf(workloadKind: string, workload: string): Instance {
  return {
    namespace: 'shop',
    instance: `${workload}-0`,
    workload,
    workloadKind,
    serviceAccount: 'default',
    labels: {},
    ports: [],
    wholeAddresses: [],
    region: '',
    zone: '',
    meshed: true,
    state: 'ready',
    reason: '',
  }
}

function cluster(): Model {
  const model = createModel({
    clock: new ManualClock(),
    instancesFrom: 'source',
    signal: new AbortController().signal,
  })
  const makers = {
    web: 'Deployment',
    db: 'StatefulSet',
    agent: 'DaemonSet',
    import: 'Job',
    nightly: 'CronJob',
    bare: 'Pod',
  }
  const upserted = Object.entries(makers).map(([workload, kind]) => podOf(kind, workload))
  model.applyObjects({ upserted: [], removed: [], instances: { upserted, removed: [] } })
  return model
}

test.each<{ kind: ScopeKind; names: readonly string[] }>([
  { kind: 'deployment', names: ['web'] },
  { kind: 'statefulset', names: ['db'] },
  { kind: 'daemonset', names: ['agent'] },
  { kind: 'job', names: ['import', 'nightly'] },
  { kind: 'replicaset', names: [] },
])('knownResources() of a $kind are $names', ({ kind, names }) => {
  const known = knownResources({ kind, namespace: 'shop', name: '' }, cluster())
  expect(known.map(({ name }) => name).sort()).toEqual(names)
})

test('a namespace counts the pods of all kinds', () => {
  const [shop] = knownResources({ kind: 'namespace', namespace: '', name: '' }, cluster())
  expect(shop).toMatchObject({ name: 'shop', meshed: 6, total: 6 })
})

test('what is gone is shown among Deployments', () => {
  const gone = { namespace: 'shop', name: 'gone' }
  expect(canBe('deployment', cluster())(gone)).toBe(true)
  expect(canBe('statefulset', cluster())(gone)).toBe(false)
  expect(canBe('deployment', cluster())({ namespace: 'shop', name: 'db' })).toBe(false)
})
