import { create } from '@bufbuild/protobuf'
import { type DestinationChange, DestinationChangeSchema } from '@heddle/api/admin'
import { formatNameKey } from '@heddle/api/destination-key'
import type { Destination } from '@heddle/api/discovery'
import type { Service } from '@heddle/api/kinds/service'
import { compareTexts } from '@heddle/base/compare-texts'
import type { Model } from '../model/model.ts'
import { translateDestination } from '../translate/destination.ts'

/** Every destination of a Service that is another in the second model, endpoints apart; by key and clients. */
export function compareDestinations(
  before: Model,
  after: Model,
  { trustDomain }: { readonly trustDomain: string },
): DestinationChange[] {
  const places = new Map([...placesIn(before), ...placesIn(after)].map((place) => [JSON.stringify(place), place]))
  const changes: DestinationChange[] = []
  for (const [, { key, clients }] of [...places].sort(([a], [b]) => compareTexts(a, b))) {
    const [old, now] = [told(before, { key, clients }, trustDomain), told(after, { key, clients }, trustDomain)]
    if (old.version === now.version) continue
    changes.push(create(DestinationChangeSchema, { key, clientNamespace: clients, before: old, after: now }))
  }
  return changes
}

interface Place {
  readonly key: string
  /** Namespace of clients; empty: of those that have no routes of their own. */
  readonly clients: string
}

function placesIn(model: Model): Place[] {
  return model.services('').flatMap(({ service }) => {
    const ports = service.spec.ports.filter(({ protocol }) => protocol === 'TCP')
    return ports.flatMap(({ port }) => {
      const key = formatNameKey(service.metadata, port)
      return ['', ...clientsOf(model, service, key)].map((clients) => ({ key, clients }))
    })
  })
}

/** Namespaces with routes of their own for the key. */
function clientsOf(model: Model, { metadata }: Service, key: string) {
  const routes = [...model.lookup.routesOf(metadata.namespace, metadata.name)]
  const namespaces = new Set(routes.map((route) => route.metadata.namespace))
  return [...namespaces].filter((namespace) => model.clientsLike({ namespace }, key).namespace !== '')
}

function told(model: Model, { key, clients }: Place, trustDomain: string): Destination {
  const resolution = model.resolve(key, { namespace: clients })
  const withoutInstances = resolution.kind === 'service' ? { ...resolution, instances: [], addressed: [] } : resolution
  return translateDestination(withoutInstances, { trustDomain })
}
