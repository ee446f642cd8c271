import { objectKey } from '@heddle/api/kinds/meta'
import { ROUTE_KINDS, type Route } from '@heddle/api/kinds/route'
import type { Service, ServicePort } from '@heddle/api/kinds/service'
import { compareAge } from '@heddle/api/kinds/status/age'
import type { ObjectLookup } from '@heddle/api/kinds/status/object-lookup'
import { isAttachedTo } from '@heddle/api/kinds/status/parent-fault'
import { findUnsupported } from '@heddle/api/kinds/status/unsupported'

/**
 * What is attached to a port of a Service, for some clients. A value: a change of anything that it depends on makes a new
 * one, so that what is derived from it can be kept beside it.
 */
export interface Attachment {
  readonly service: Service
  readonly port: ServicePort
  /** Namespace of the clients whose own routes these are; empty: the routes of the Service's namespace. */
  readonly clientNamespace: string
  /** Those in force, all of the one most specific kind, in order of precedence. */
  readonly routes: readonly Route[]
  /** For what the routes refer to, and for policies. */
  readonly lookup: ObjectLookup
}

/** Of one port: an attachment for each sort of clients that was asked for. */
interface PortAttachments {
  /** In force, by their namespace. */
  readonly routes: ReadonlyMap<string, readonly Route[]>
  readonly byClient: Map<string, Attachment>
}

/** What is attached to Services, kept from the first question until something of it changes. */
export class Attachments {
  readonly #lookup: ObjectLookup
  /** By `NAMESPACE/NAME`, then by port. */
  readonly #ports = new Map<string, Map<ServicePort, PortAttachments>>()

  constructor(lookup: ObjectLookup) {
    this.#lookup = lookup
  }

  /**
   * Which clients are told the same as those of `namespace`: empty for all that have no routes of their own, which are
   * those in another namespace than their parent (GEP-1294).
   */
  clientsLike(namespace: string, { service, port }: Pick<Attachment, 'service' | 'port'>): string {
    if (namespace === '' || namespace === service.metadata.namespace) return ''
    return this.#ofPort(service, port).routes.has(namespace) ? namespace : ''
  }

  /** @param namespace - of the client; empty: one that has no routes of its own */
  get(namespace: string, place: Pick<Attachment, 'service' | 'port'>): Attachment {
    const { service, port } = place
    const clientNamespace = this.clientsLike(namespace, place)
    const ofPort = this.#ofPort(service, port)
    const known = ofPort.byClient.get(clientNamespace)
    if (known !== undefined) return known
    const routes = ofPort.routes.get(clientNamespace === '' ? service.metadata.namespace : clientNamespace) ?? []
    const made = { service, port, clientNamespace, routes: inForce(routes), lookup: this.#lookup }
    ofPort.byClient.set(clientNamespace, made)
    return made
  }

  /** Something of what is attached to the Service, or of what that refers to, has changed. */
  forget(serviceKey: string): void {
    this.#ports.delete(serviceKey)
  }

  #ofPort(service: Service, port: ServicePort): PortAttachments {
    const { namespace, name } = service.metadata
    const key = objectKey(service.metadata)
    const ports = this.#ports.get(key) ?? new Map<ServicePort, PortAttachments>()
    this.#ports.set(key, ports)
    const known = ports.get(port)
    if (known !== undefined) return known
    const attached = [...this.#lookup.routesOf(namespace, name)].filter(
      (route) => isAttachedTo(route, service, port.port) && findUnsupported(route).length === 0,
    )
    const made = { routes: Map.groupBy(attached, ({ metadata }) => metadata.namespace), byClient: new Map() }
    ports.set(port, made)
    return made
  }
}

/** Those of the most specific kind (GEP-1426), the oldest first. */
function inForce(routes: readonly Route[]): Route[] {
  const kind = ROUTE_KINDS.find((one) => routes.some((route) => route.kind === one))
  const kept = routes.filter((route) => route.kind === kind)
  return kept.sort((a, b) => compareAge(a.metadata, b.metadata))
}
