import type { MeshObject } from '../kinds/mesh-object.ts'
import { GATEWAY_GROUP, ROUTE_KINDS } from '../kinds/route.ts'
import { type Finding, warningAt } from './finding.ts'

/** What a ReferenceGrant allows is something that the mesh looks at. */
export function checkGrant(object: MeshObject): Finding[] {
  if (object.kind !== 'ReferenceGrant') return []
  const from = object.spec.from.flatMap(({ group, kind }, i) => {
    if (group === GATEWAY_GROUP && ROUTE_KINDS.some((known) => known === kind)) return []
    return warningAt(['spec', 'from', i], `has no effect: no ${kind} in group "${group}" refers to anything here`)
  })
  const to = object.spec.to.flatMap(({ group, kind }, i) => {
    if (group === '' && kind === 'Service') return []
    return warningAt(['spec', 'to', i], `has no effect: only Services (group "") are referred to`)
  })
  return [...from, ...to]
}
