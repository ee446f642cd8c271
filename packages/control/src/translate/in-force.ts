import type { Policy } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import type { ObjectLookup } from '@heddle/api/kinds/status/object-lookup'
import { findTargetFault } from '@heddle/api/kinds/status/policy-status'

/** What a policy may be attached to: an object, or a section of it (port of a Service, rule of a route). */
export interface PolicyPlace extends ObjectRef {
  /** Name of the section; empty or `undefined`: it has none. */
  readonly sectionName: string | undefined
}

/**
 * The policies of one kind that are in force at a place: the one for the section, then the one for the whole. Of several
 * for the very same target one is in force.
 */
export function policiesInForce<K extends Policy['kind']>(
  kind: K,
  place: PolicyPlace,
  lookup: ObjectLookup,
): Extract<Policy, { readonly kind: K }>[] {
  const found = new Map<'section' | 'whole', Extract<Policy, { readonly kind: K }>>()
  for (const policy of lookup.policiesOf(place.kind, place.namespace, place.name)) {
    if (!isOfKind(policy, kind)) continue
    for (const target of policy.spec.targetRefs) {
      if (target.kind !== place.kind || target.name !== place.name) continue
      if (target.sectionName !== undefined && target.sectionName !== place.sectionName) continue
      if (findTargetFault(policy, target, lookup) !== undefined) continue
      found.set(target.sectionName === undefined ? 'whole' : 'section', policy)
    }
  }
  return [found.get('section'), found.get('whole')].filter((policy) => policy !== undefined)
}

/** `NAMESPACE/NAME`, by which a proxy names the policy. */
export function nameOf({ metadata }: Policy): string {
  return `${metadata.namespace}/${metadata.name}`
}

function isOfKind<K extends Policy['kind']>(policy: Policy, kind: K): policy is Extract<Policy, { readonly kind: K }> {
  return policy.kind === kind
}
