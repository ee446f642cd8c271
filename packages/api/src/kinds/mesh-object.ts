import type { ObjectMeta, ObjectRef } from './object-meta.ts'
import type { Service } from './service.ts'
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
export type MeshObject = Namespace | ServiceAccount | Service | Workload

/** The reference of an object. */
export function refOf(object: MeshObject): ObjectRef {
  return { kind: object.kind, namespace: object.metadata.namespace, name: object.metadata.name }
}

/** `KIND/NAMESPACE/NAME`, unique among all objects. */
export function formatRef(ref: ObjectRef): string {
  return `${ref.kind}/${ref.namespace}/${ref.name}`
}
