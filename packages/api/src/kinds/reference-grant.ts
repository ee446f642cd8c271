import type { ObjectMeta } from './object-meta.ts'

/** Gateway API ReferenceGrant: what of its namespace may be referred to, and from where. `v1beta1` is read as the same. */
export interface ReferenceGrant {
  readonly apiVersion: 'gateway.networking.k8s.io/v1'
  readonly kind: 'ReferenceGrant'
  readonly metadata: ObjectMeta
  readonly spec: ReferenceGrantSpec
}

/** Any of `from` may refer to any of `to`, which is in the grant's own namespace. The core group is empty text. */
export interface ReferenceGrantSpec {
  readonly from: readonly { readonly group: string; readonly kind: string; readonly namespace: string }[]
  /** Without a name: every object of the kind. */
  readonly to: readonly { readonly group: string; readonly kind: string; readonly name?: string }[]
}

/** Something that is to be referred to from another namespace. */
export interface Reference {
  readonly from: { readonly group: string; readonly kind: string; readonly namespace: string }
  readonly to: { readonly group: string; readonly kind: string; readonly namespace: string; readonly name: string }
}

/** Whether one of the grants allows the reference; within one namespace none is needed. */
export function isGranted({ from, to }: Reference, grants: Iterable<ReferenceGrant>): boolean {
  if (from.namespace === to.namespace) return true
  for (const { metadata, spec } of grants) {
    if (metadata.namespace !== to.namespace) continue
    const isFrom = spec.from.some(
      (one) => one.group === from.group && one.kind === from.kind && one.namespace === from.namespace,
    )
    const isTo = spec.to.some(
      (one) => one.group === to.group && one.kind === to.kind && (one.name ?? to.name) === to.name,
    )
    if (isFrom && isTo) return true
  }
  return false
}
