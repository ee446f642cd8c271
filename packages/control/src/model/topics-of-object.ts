import type { MeshObject } from '@heddle/api/kinds'
import { objectKey } from '@heddle/api/kinds/meta'
import type { MeshTables } from './mesh-tables.ts'
import { topicsOfService } from './topic.ts'

/** The topics of the Services that an object says something of: itself, as a Workload of theirs, or as what is attached to them. */
export function topicsOfObject(object: MeshObject, { services, traffic }: MeshTables): Set<string> {
  const { kind, metadata } = object
  const keys = traffic.touched(object)
  if (kind === 'Service') keys.add(objectKey(metadata))
  if (kind === 'Workload') {
    const selecting = services.selectors.selecting(metadata.namespace, metadata.labels)
    for (const service of selecting) keys.add(objectKey(service.metadata))
  }
  const known = [...keys].map((key) => services.byKey(key)).filter((service) => service !== undefined)
  return new Set(known.flatMap(topicsOfService))
}
