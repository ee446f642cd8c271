import type { Service, ServicePort } from '@heddle/api/kinds/service'
import type { Workload } from '@heddle/api/kinds/workload'
import type { InstanceTable } from './instance-table.ts'
import { type ParsedKey, parseKey } from './key.ts'
import type { Members } from './members.ts'
import type { Resolution } from './resolution.ts'
import type { ServiceTable } from './service-table.ts'

export interface ResolverTables {
  readonly services: ServiceTable
  readonly instances: InstanceTable
  readonly members: Members
  /** By `NAMESPACE/NAME`. */
  readonly workloads: ReadonlyMap<string, Workload>
}

/** Says what a key means, by looking into the tables of the model. */
export class Resolver {
  readonly #tables: ResolverTables

  constructor(tables: ResolverTables) {
    this.#tables = tables
  }

  /** Never throws. */
  resolve(key: string): Resolution {
    const parsed = parseKey(key)
    switch (parsed.kind) {
      case 'name':
        return this.#resolveName(parsed)
      case 'address':
        return this.#resolveAddress(parsed.address, parsed.port)
      case 'invalid':
        return missing(parsed.reason)
    }
  }

  #resolveName({ service, namespace, port }: Extract<ParsedKey, { kind: 'name' }>): Resolution {
    const known = this.#tables.services.get(namespace, service)
    if (known !== undefined) return this.#resolveService(known.service, port)
    return missing(`there is no Service ${service} in namespace ${namespace}`)
  }

  #resolveAddress(address: string, port: number): Resolution {
    const known = this.#tables.services.byAddress(address)
    if (known !== undefined) return this.#resolveService(known.service, port)
    const found = this.#tables.instances.at(address, port)
    if (found === undefined) {
      if (this.#tables.services.isVirtual(address)) return missing(`no Service has the address ${address}`)
      return { kind: 'unmeshed' }
    }
    const { namespace, workload } = found.instance
    const declared = this.#tables.workloads
      .get(`${namespace}/${workload}`)
      ?.spec.ports.find((one) => one.port === found.port.port)
    return { kind: 'endpoint', instance: found.instance, port: found.port, workloadPort: declared }
  }

  #resolveService(service: Service, number: number): Resolution {
    const { metadata, spec } = service
    const title = `Service ${metadata.namespace}/${metadata.name}`
    if (spec.type === 'ExternalName') {
      return missing(`${title} is an ExternalName, which is not supported; ask for ${spec.externalName} itself`)
    }
    const port = spec.ports.find((one) => one.port === number && one.protocol === 'TCP')
    if (port === undefined) return missing(`${title} has no TCP port ${number}; ${describePorts(spec.ports)}`)
    return {
      kind: 'service',
      service,
      port,
      instances: this.#tables.members.instances(service),
      workloadPorts: this.#tables.members.workloads(service).flatMap(({ spec: { ports } }) => {
        return ports.find((one) => one.name === port.targetPort || one.port === port.targetPort) ?? []
      }),
    }
  }
}

function missing(reason: string): Resolution {
  return { kind: 'missing', reason }
}

function describePorts(ports: readonly ServicePort[]): string {
  const written = ports.map((port) => `${port.port}${port.protocol === 'TCP' ? '' : ` (${port.protocol})`}`)
  return written.length === 0 ? 'it has none' : `it has ${written.join(', ')}`
}
