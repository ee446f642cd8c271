import { type ParsedKey, parseKey } from '@heddle/api/destination-key'
import { isLocalOnly, type Service, type ServicePort } from '@heddle/api/kinds/service'
import type { Attachments } from './attachments.ts'
import { ANY_CLIENT, type Client } from './client.ts'
import type { InstanceTable } from './instance-table.ts'
import type { Members } from './members.ts'
import type { MissingResolution, Resolution, ServiceResolution } from './resolution.ts'
import type { ServiceAddressTable } from './service-addresses.ts'
import type { ServiceTable } from './service-table.ts'
import type { WorkloadTable } from './workload-table.ts'

export interface ResolverTables {
  readonly services: ServiceTable
  readonly instances: InstanceTable
  readonly addresses: ServiceAddressTable
  readonly members: Members
  readonly attachments: Attachments
  readonly workloads: WorkloadTable
}

/** Says what a key means, by looking into the tables of the model. */
export class Resolver {
  readonly #tables: ResolverTables

  constructor(tables: ResolverTables) {
    this.#tables = tables
  }

  /**
   * Never throws.
   *
   * @param client - whose proxy asks
   */
  resolve(key: string, client: Client): Resolution {
    const found = this.#find(key)
    return found.kind === 'port' ? this.#toResolution(found, client) : found
  }

  /** One that stands for all who are told the same about `key` as `client`. */
  clientsLike(client: Client, key: string): Client {
    const found = this.#find(key)
    if (found.kind !== 'port') return ANY_CLIENT
    const namespace = this.#tables.attachments.clientsLike(client.namespace, found)
    const { host } = client
    return host !== undefined && isLocalOnly(found.service) ? { namespace, host } : { namespace }
  }

  #find(key: string): PortOfService | Exclude<Resolution, ServiceResolution> {
    const parsed = parseKey(key)
    switch (parsed.kind) {
      case 'name':
        return this.#findName(parsed)
      case 'address':
        return this.#findAddress(parsed.address, parsed.port)
      case 'invalid':
        return missing(parsed.reason)
    }
  }

  #findName({ service, namespace, port }: Extract<ParsedKey, { kind: 'name' }>) {
    const known = this.#tables.services.get(namespace, service)
    if (known !== undefined) return findPort(known.service, port)
    return missing(`there is no Service ${service} in namespace ${namespace}`)
  }

  #findAddress(address: string, port: number): PortOfService | Exclude<Resolution, ServiceResolution> {
    const known = this.#tables.services.byAddress(address)
    if (known !== undefined) return findPort(known.service, port)
    const found = this.#tables.instances.at(address, port)
    if (found === undefined) {
      if (this.#tables.services.isVirtual(address)) return missing(`no Service has the address ${address}`)
      return { kind: 'unmeshed' }
    }
    const { namespace, workload, labels } = found.instance
    const { workloads, services } = this.#tables
    const declared = workloads.get(namespace, workload)?.spec.ports.find((one) => one.port === found.port.port)
    const selecting = [...services.selectors.selecting(namespace, labels)]
    return { kind: 'endpoint', ...found, workloadPort: declared, services: selecting }
  }

  #toResolution({ service, port }: PortOfService, client: Client): ServiceResolution {
    const { members, attachments, addresses } = this.#tables
    return {
      kind: 'service',
      service,
      port,
      instances: members.instances(service),
      addressed: addresses.find(service, port),
      workloadPorts: members.workloads(service).flatMap(({ spec: { ports } }) => {
        return ports.find((one) => one.name === port.targetPort || one.port === port.targetPort) ?? []
      }),
      ...(client.host !== undefined && isLocalOnly(service) && { onlyHost: client.host }),
      attachment: attachments.get(client.namespace, { service, port }),
    }
  }
}

interface PortOfService {
  readonly kind: 'port'
  readonly service: Service
  readonly port: ServicePort
}

function findPort(service: Service, number: number): PortOfService | MissingResolution {
  const { metadata, spec } = service
  const title = `Service ${metadata.namespace}/${metadata.name}`
  if (spec.type === 'ExternalName') {
    return missing(`${title} is an ExternalName, which is not supported; ask for ${spec.externalName} itself`)
  }
  const port = spec.ports.find((one) => one.port === number && one.protocol === 'TCP')
  if (port === undefined) return missing(`${title} has no TCP port ${number}; ${describePorts(spec.ports)}`)
  return { kind: 'port', service, port }
}

function missing(reason: string): MissingResolution {
  return { kind: 'missing', reason }
}

function describePorts(ports: readonly ServicePort[]): string {
  const written = ports.map((port) => `${port.port}${port.protocol === 'TCP' ? '' : ` (${port.protocol})`}`)
  return written.length === 0 ? 'it has none' : `it has ${written.join(', ')}`
}
