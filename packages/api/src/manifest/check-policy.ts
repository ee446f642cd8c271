import { isPolicy, type MeshObject } from '../kinds/mesh-object.ts'
import { findUnsupportedInPolicy } from '../kinds/status/unsupported.ts'
import { errorAt, type Finding } from './finding.ts'

/** What a policy says, whatever else there is: what the mesh cannot do is an error. */
export function checkPolicy(object: MeshObject): Finding[] {
  if (!isPolicy(object)) return []
  return findUnsupportedInPolicy(object).map(({ path, reason, remedy }) => errorAt(path, reason, remedy))
}
