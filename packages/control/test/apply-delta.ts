import { create } from '@bufbuild/protobuf'
import { type Destination, type DestinationDelta, DestinationSchema, ServiceSchema } from '@heddle/api/discovery'
import { compareTexts } from '@heddle/base/compare-texts'

/** What a proxy that has `from` makes of a delta, for tests to hold against what it should have. */
export function applyDelta(from: Destination, delta: DestinationDelta): Destination {
  const { target } = from
  if (target.case !== 'service' || from.version !== delta.baseVersion) throw new Error('a delta of something else')
  const endpoints = new Map(target.value.endpoints.map((endpoint) => [endpoint.id, endpoint]))
  for (const id of delta.removedEndpointIds) endpoints.delete(id)
  for (const endpoint of delta.upsertedEndpoints) endpoints.set(endpoint.id, endpoint)
  const { $typeName: _, ...rest } = target.value
  const sorted = [...endpoints.values()].sort((a, b) => compareTexts(a.instance, b.instance))
  const value = create(ServiceSchema, { ...rest, endpoints: sorted })
  return create(DestinationSchema, { version: delta.version, target: { case: 'service', value } })
}
