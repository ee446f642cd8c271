import { create } from '@bufbuild/protobuf'
import {
  type Destination,
  type DestinationDelta,
  DestinationDeltaSchema,
  type Endpoint,
  type Service,
} from '@heddle/api/discovery'
import { equalBesidesEndpoints, equalEndpoints } from './content-version.ts'

/**
 * The change that makes `to` of `from`; `undefined` when it cannot be said as one, because more than endpoints changed,
 * or would be no shorter than the whole, which must be sent then. With equal versions nothing need be sent at all.
 *
 * Shortest where both have their endpoints in the order of their instances' names. Of those that have not, more is told than need be: a
 * proxy removes before it takes over, so one that is named twice is there.
 */
export function deltaOf(from: Destination, to: Destination): DestinationDelta | undefined {
  const [before, after] = [serviceOf(from), serviceOf(to)]
  if (before === undefined || after === undefined || !equalBesidesEndpoints(before, after)) return undefined
  const { upserted, removed } = compareEndpoints(before.endpoints, after.endpoints)
  if (upserted.length > 0 && upserted.length === after.endpoints.length) return undefined
  return create(DestinationDeltaSchema, {
    baseVersion: from.version,
    version: to.version,
    upsertedEndpoints: upserted,
    removedEndpointIds: removed,
  })
}

interface EndpointChanges {
  readonly upserted: Endpoint[]
  /** Ids. */
  readonly removed: string[]
}

/** Walks both lists at once; a map of ten thousand would be most of the work. */
function compareEndpoints(before: readonly Endpoint[], after: readonly Endpoint[]): EndpointChanges {
  const changes: EndpointChanges = { upserted: [], removed: [] }
  let at = 0
  for (const endpoint of after) {
    while (before[at] !== undefined && before[at]!.instance < endpoint.instance) changes.removed.push(before[at++]!.id)
    const old = before[at]?.instance === endpoint.instance ? before[at++] : undefined
    if (old !== undefined && old.id !== endpoint.id) changes.removed.push(old.id)
    if (old === undefined || !equalEndpoints(old, endpoint)) changes.upserted.push(endpoint)
  }
  for (const endpoint of before.slice(at)) changes.removed.push(endpoint.id)
  return changes
}

function serviceOf({ target }: Destination): Service | undefined {
  return target.case === 'service' ? target.value : undefined
}
