import { formatPath } from '../../manifest/finding.ts'
import { accepted, type Condition, notAccepted, type StatusFault } from '../conditions.ts'
import type { Policy } from '../mesh-object.ts'
import type { PolicyTargetRef } from '../policy-target.ts'
import type { Route } from '../route.ts'
import type { Service } from '../service.ts'
import { compareAge } from './age.ts'
import type { ObjectLookup } from './object-lookup.ts'
import { describePorts, parentPorts } from './parent-ports.ts'
import { rulesOf } from './route-backends.ts'
import { findUnsupportedInPolicy } from './unsupported.ts'

/** `status.ancestors[]` of a policy, one for each of its targets. */
export interface PolicyTargetStatus {
  readonly targetRef: PolicyTargetRef
  readonly conditions: readonly Condition[]
}

type Lookup = Pick<ObjectLookup, 'service' | 'route' | 'policiesOf'>

/** The status of a policy: of each of its targets whether the policy is in force there. */
export function policyStatus(policy: Policy, lookup: Lookup, nowMs: number): readonly PolicyTargetStatus[] {
  return policy.spec.targetRefs.map((targetRef) => {
    const fault = findExpired(policy, nowMs) ?? findTargetFault(policy, targetRef, lookup)
    return { targetRef, conditions: [fault === undefined ? accepted('in force') : notAccepted(fault)] }
  })
}

/** The end time of a FaultPolicy has come. */
export function findExpired(policy: Policy, nowMs: number): StatusFault | undefined {
  if (policy.kind !== 'FaultPolicy' || Date.parse(policy.spec.until) > nowMs) return undefined
  return { reason: 'Expired', message: `ended at ${policy.spec.until}; remove it, or set a later end` }
}

/**
 * Why a policy is not in force at one of its targets, whatever the time is.
 *
 * @returns `undefined` when it is in force
 */
export function findTargetFault(policy: Policy, target: PolicyTargetRef, lookup: Lookup): StatusFault | undefined {
  return findInvalid(policy) ?? findMissingTarget(policy, target, lookup) ?? findOlder(policy, target, lookup)
}

/** Something that the schema allows and the mesh cannot do. */
function findInvalid(policy: Policy): StatusFault | undefined {
  const [unsupported] = findUnsupportedInPolicy(policy)
  if (unsupported === undefined) return undefined
  const { path, reason, remedy } = unsupported
  return { reason: 'Invalid', message: `${formatPath(path)}: ${reason} (${remedy})` }
}

function findMissingTarget(policy: Policy, target: PolicyTargetRef, lookup: Lookup): StatusFault | undefined {
  const { namespace } = policy.metadata
  const { kind, name, sectionName } = target
  const found: Service | Route | undefined =
    kind === 'Service' ? lookup.service(namespace, name) : lookup.route(kind, namespace, name)
  if (found === undefined) {
    return { reason: 'TargetNotFound', message: `there is no ${kind} ${namespace}/${name}` }
  }
  if (sectionName === undefined) return undefined
  if (found.kind === 'Service') {
    if (parentPorts({ sectionName }, found).length > 0) return undefined
    const message = `Service ${namespace}/${name} has no TCP port named ${sectionName}; it has ${describePorts(found)}`
    return { reason: 'TargetNotFound', message }
  }
  if (rulesOf(found).some((rule) => rule.name === sectionName)) return undefined
  return { reason: 'TargetNotFound', message: `${kind} ${namespace}/${name} has no rule named ${sectionName}` }
}

/** Of two policies of one kind for the very same target the older one counts; the one for a section goes before that for all. */
function findOlder(policy: Policy, target: PolicyTargetRef, lookup: Lookup): StatusFault | undefined {
  const { kind, metadata } = policy
  for (const other of lookup.policiesOf(target.kind, metadata.namespace, target.name)) {
    if (other.kind !== kind || other.metadata.name === metadata.name) continue
    const isSame = other.spec.targetRefs.some((one) => isSameTarget(one, target))
    if (!isSame || compareAge(other.metadata, metadata) > 0) continue
    const message = `${kind} ${metadata.namespace}/${other.metadata.name} is attached to the same target and goes first`
    return { reason: 'Conflicted', message }
  }
  return undefined
}

function isSameTarget(a: PolicyTargetRef, b: PolicyTargetRef): boolean {
  return a.kind === b.kind && a.name === b.name && a.sectionName === b.sectionName
}
