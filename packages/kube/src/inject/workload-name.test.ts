import { expect, test } from 'vitest'
import { workloadOf } from './workload-name.ts'

const owner = (kind: string, name: string) => [{ kind, name, controller: true }]

test.each([
  {
    name: 'a pod of a Deployment',
    meta: { labels: { 'pod-template-hash': '7d9f' }, ownerReferences: owner('ReplicaSet', 'web-7d9f') },
    workload: { kind: 'Deployment', name: 'web' },
  },
  {
    name: 'a pod of a ReplicaSet that nobody owns',
    meta: { ownerReferences: owner('ReplicaSet', 'web-7d9f') },
    workload: { kind: 'ReplicaSet', name: 'web-7d9f' },
  },
  {
    name: 'a pod of a StatefulSet',
    meta: { name: 'store-0', ownerReferences: owner('StatefulSet', 'store') },
    workload: { kind: 'StatefulSet', name: 'store' },
  },
  {
    name: 'a pod of a CronJob',
    meta: { ownerReferences: owner('Job', 'nightly-29391820') },
    workload: { kind: 'CronJob', name: 'nightly' },
  },
  {
    name: 'a pod of a Job',
    meta: { ownerReferences: owner('Job', 'count-2') },
    workload: { kind: 'Job', name: 'count-2' },
  },
  {
    name: 'the one that controls among several',
    meta: { ownerReferences: [{ kind: 'ConfigMap', name: 'a' }, ...owner('DaemonSet', 'agent')] },
    workload: { kind: 'DaemonSet', name: 'agent' },
  },
  { name: 'a pod that nobody made', meta: { name: 'bare' }, workload: { kind: 'Pod', name: 'bare' } },
  { name: 'a pod without a name yet', meta: { generateName: 'bare-' }, workload: undefined },
])('workloadOf() tells $name', ({ meta, workload }) => {
  expect(workloadOf(meta)).toEqual(workload)
})
