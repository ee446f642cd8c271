import { formatNameKey } from '@heddle/api/destination-key'
import { objectKey } from '@heddle/api/kinds/meta'
import type { Instance } from '../model/instance.ts'
import type { Model } from '../model/model.ts'
import {
  isInScope,
  type ResourceName,
  type ResourceScope,
  type ScopeKind,
  type WorkloadScope,
} from '../telemetry/resource-scope.ts'

/** A resource of the model, and how many of its instances have a proxy. */
export interface KnownResource extends ResourceName {
  readonly meshed: number
  /** Instances that are, or of a Workload that is run by the mesh should be. */
  readonly total: number
}

/** The resources of a scope, whether there is traffic or not. */
export function knownResources(scope: ResourceScope, model: Model): KnownResource[] {
  return allOf(scope.kind, model).filter((resource) => isInScope(scope, resource))
}

function allOf(kind: ScopeKind, model: Model): KnownResource[] {
  switch (kind) {
    case 'deployment':
    case 'statefulset':
    case 'daemonset':
    case 'job':
    case 'replicaset':
      return workloadsOf(model, kind)
    case 'pod':
      return model.instances('').map((one) => ({ namespace: one.namespace, name: one.instance, ...count([one]) }))
    case 'service':
      return services(model)
    case 'namespace':
      return namespaces(model)
  }
}

/** Kinds of what makes pods, as Kubernetes spells them. */
const MAKERS: Readonly<Record<WorkloadScope, readonly string[]>> = {
  deployment: ['Deployment'],
  statefulset: ['StatefulSet'],
  daemonset: ['DaemonSet'],
  job: ['Job', 'CronJob'],
  replicaset: ['ReplicaSet', 'ReplicationController'],
}

function workloadsOf(model: Model, kind: WorkloadScope): KnownResource[] {
  return workloads(model).filter(canBe(kind, model))
}

/** By `NAMESPACE/NAME`; those outside of clusters have none. */
function kindsOfWorkloads(model: Model): ReadonlyMap<string, string> {
  return new Map(
    model.instances('').flatMap(({ namespace, workload: name, workloadKind }) => {
      return workloadKind === undefined ? [] : [[objectKey({ namespace, name }), workloadKind] as const]
    }),
  )
}

/** Whether a resource can be of a kind: a workload that is known to be of another cannot. */
export function canBe(kind: ScopeKind, model: Model): (resource: ResourceName) => boolean {
  if (!Object.hasOwn(MAKERS, kind)) return () => true
  const kinds = kindsOfWorkloads(model)
  // What is gone may have been anything, and is shown where most are.
  return (resource) => MAKERS[kind as WorkloadScope].includes(kinds.get(objectKey(resource)) ?? 'Deployment')
}

function workloads(model: Model): KnownResource[] {
  const instances = Map.groupBy(model.instances(''), ({ namespace, workload }) => `${namespace}/${workload}`)
  const wanted = new Map(model.workloads('').map(({ metadata, spec }) => [objectKey(metadata), spec]))
  return [...new Set([...wanted.keys(), ...instances.keys()])].map((key) => {
    const spec = wanted.get(key)
    const { meshed, total } = count(instances.get(key) ?? [])
    const replicas = spec?.command === undefined ? 0 : spec.replicas
    const [namespace = '', name = ''] = key.split('/')
    return { namespace, name, meshed, total: Math.max(total, replicas) }
  })
}

function services(model: Model): KnownResource[] {
  return model.services('').map(({ service }) => {
    const { namespace, name } = service.metadata
    const port = service.spec.ports[0]?.port ?? 0
    const resolution = model.resolve(formatNameKey(service.metadata, port))
    return { namespace, name, ...count(resolution.kind === 'service' ? resolution.instances : []) }
  })
}

function namespaces(model: Model): KnownResource[] {
  const totals = new Map<string, KnownResource>()
  const known = workloads(model)
  const names = [
    ...model.services('').map(({ service }) => service.metadata.namespace),
    ...known.map((one) => one.namespace),
  ]
  for (const name of names) totals.set(name, { namespace: '', name, meshed: 0, total: 0 })
  for (const { namespace, meshed, total } of known) {
    const sum = totals.get(namespace)!
    totals.set(namespace, { ...sum, meshed: sum.meshed + meshed, total: sum.total + total })
  }
  return [...totals.values()]
}

function count(instances: readonly Instance[]): { readonly meshed: number; readonly total: number } {
  return { meshed: instances.filter(({ meshed }) => meshed).length, total: instances.length }
}
