import { Code, ConnectError } from '@connectrpc/connect'
import { ResourceKind, type ResourceRef } from '@heddle/api/admin'
import type { SeriesFacts } from './series-facts.ts'

/** What rows are about. Outside of clusters every Workload is what a Deployment is in one. */
export type ScopeKind = WorkloadScope | 'pod' | 'service' | 'namespace'

/** Kinds of workloads, which have instances. */
export type WorkloadScope = 'deployment' | 'statefulset' | 'daemonset' | 'job' | 'replicaset'

/** A kind of resources, of one namespace or all, of one name or all (empty). */
export interface ResourceScope {
  readonly kind: ScopeKind
  readonly namespace: string
  readonly name: string
}

/** One resource. */
export interface ResourceName {
  readonly namespace: string
  readonly name: string
}

/** @throws {ConnectError} invalidArgument when the kind is not set */
export function toScope(ref: ResourceRef | undefined): ResourceScope {
  if (ref === undefined) throw new ConnectError('resource: must be set', Code.InvalidArgument)
  const { namespace, name } = ref
  return { kind: toScopeKind(ref.kind), namespace, name }
}

/** The kind as the API spells it. */
export function toResourceKind(kind: ScopeKind): ResourceKind {
  switch (kind) {
    case 'deployment':
      return ResourceKind.DEPLOYMENT
    case 'statefulset':
      return ResourceKind.STATEFUL_SET
    case 'daemonset':
      return ResourceKind.DAEMON_SET
    case 'job':
      return ResourceKind.JOB
    case 'replicaset':
      return ResourceKind.REPLICA_SET
    case 'pod':
      return ResourceKind.POD
    case 'service':
      return ResourceKind.SERVICE
    case 'namespace':
      return ResourceKind.NAMESPACE
  }
}

/** Whether a resource is within the scope. */
export function isInScope({ kind, namespace, name }: ResourceScope, resource: ResourceName): boolean {
  if (kind === 'namespace') return name === '' || name === resource.name
  return (namespace === '' || namespace === resource.namespace) && (name === '' || name === resource.name)
}

/** The resource of that kind which did the counting; a Service counts nothing. */
export function reporterOf(kind: ScopeKind, { reporter }: SeriesFacts): ResourceName | undefined {
  return namedResource(kind, { ...reporter, service: '' })
}

/** The resource of that kind at the other end. */
export function peerOf(kind: ScopeKind, facts: SeriesFacts): ResourceName | undefined {
  const namespace = kind === 'service' ? facts.serviceNamespace : facts.peerNamespace || facts.serviceNamespace
  const { peerWorkload: workload, peerInstance: instance, service } = facts
  return namedResource(kind, { namespace, workload, instance, service })
}

interface Names {
  readonly namespace: string
  readonly workload: string
  readonly instance: string
  readonly service: string
}

function namedResource(kind: ScopeKind, { namespace, workload, instance, service }: Names): ResourceName | undefined {
  if (kind === 'namespace') return namespace === '' ? undefined : { namespace: '', name: namespace }
  const name = kind === 'pod' ? instance : kind === 'service' ? service : workload
  return name === '' ? undefined : { namespace, name }
}

function toScopeKind(kind: ResourceKind): ScopeKind {
  switch (kind) {
    case ResourceKind.DEPLOYMENT:
      return 'deployment'
    case ResourceKind.STATEFUL_SET:
      return 'statefulset'
    case ResourceKind.DAEMON_SET:
      return 'daemonset'
    case ResourceKind.JOB:
      return 'job'
    case ResourceKind.REPLICA_SET:
      return 'replicaset'
    case ResourceKind.POD:
      return 'pod'
    case ResourceKind.SERVICE:
      return 'service'
    case ResourceKind.NAMESPACE:
      return 'namespace'
    case ResourceKind.UNSPECIFIED:
      throw new ConnectError('resource.kind: must be set', Code.InvalidArgument)
  }
}
