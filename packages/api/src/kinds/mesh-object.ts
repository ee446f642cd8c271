import type { BackendPolicy } from './backend-policy.ts'
import type { FaultPolicy } from './fault-policy.ts'
import type { ObjectMeta, ObjectRef } from './object-meta.ts'
import type { ReferenceGrant } from './reference-grant.ts'
import { ROUTE_KINDS, type Route } from './route.ts'
import type { Service } from './service.ts'
import type { TrafficPolicy } from './traffic-policy.ts'
import type { Workload } from './workload.ts'

/** Kubernetes' `v1` Namespace. */
export interface Namespace {
  readonly apiVersion: 'v1'
  readonly kind: 'Namespace'
  readonly metadata: ObjectMeta
}

/** Kubernetes' `v1` ServiceAccount: the name of an identity. */
export interface ServiceAccount {
  readonly apiVersion: 'v1'
  readonly kind: 'ServiceAccount'
  readonly metadata: ObjectMeta
}

/** Every object that the mesh acts on: validated, defaults filled in. */
export type MeshObject = Namespace | ServiceAccount | Service | Workload | Route | ReferenceGrant | Policy

/** Kinds that are attached to what they are about by `targetRefs`. */
export type Policy = BackendPolicy | FaultPolicy | TrafficPolicy

const POLICY_KINDS = ['BackendPolicy', 'FaultPolicy', 'TrafficPolicy'] as const satisfies readonly Policy['kind'][]
const POLICIES: ReadonlySet<string> = new Set(POLICY_KINDS)
const ATTACHED: ReadonlySet<string> = new Set([...ROUTE_KINDS, ...POLICY_KINDS])

/** Whether the object is attached to others by `targetRefs`. */
export function isPolicy(object: MeshObject): object is Policy {
  return POLICIES.has(object.kind)
}

/** Whether objects of the kind are attached to others, and have a status that says what became of that: routes and policies. */
export function isAttachedKind(kind: string): boolean {
  return ATTACHED.has(kind)
}

/** What a policy is attached to; always in its own namespace. */
export function targetsOf({ metadata, spec }: Policy): ObjectRef[] {
  return spec.targetRefs.map(({ kind, name }) => ({ kind, namespace: metadata.namespace, name }))
}

/** The reference of an object. */
export function refOf(object: MeshObject): ObjectRef {
  return { kind: object.kind, namespace: object.metadata.namespace, name: object.metadata.name }
}

/** `KIND/NAMESPACE/NAME`, unique among all objects. */
export function formatRef(ref: ObjectRef): string {
  return `${ref.kind}/${ref.namespace}/${ref.name}`
}
