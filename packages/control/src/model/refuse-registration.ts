import type { Node } from '@heddle/api/discovery'
import { canonicalIp } from '@heddle/api/kinds/ip-address'
import { instanceKey } from './instance.ts'
import type { InstanceTable } from './instance-table.ts'
import type { ServiceTable } from './service-table.ts'
import type { WorkloadTable } from './workload-table.ts'

/** What a registration must fit. */
export interface RegistrationRules {
  readonly instances: InstanceTable
  readonly services: ServiceTable
  readonly workloads: WorkloadTable
}

/** Why a node may not become an instance; `undefined`: it may. */
export function refuseInstance(node: Node, { instances, services, workloads }: RegistrationRules): string | undefined {
  const { namespace, workload, instance, serviceAccount, ports } = node
  const declared = workloads.get(namespace, workload)?.spec.serviceAccount
  if (declared !== undefined && declared !== serviceAccount) {
    return `Workload ${namespace}/${workload} has the service account ${declared}, not ${serviceAccount}`
  }
  const named = instances.get(`${namespace}/${instance}`)
  if (named?.meshed === false && named.workload !== workload) {
    return `${instance} is an address of Workload ${namespace}/${named.workload}`
  }
  for (const { address, addressPort } of ports) {
    const canonical = canonicalIp(address) ?? address
    const service = services.byAddress(canonical)?.service.metadata
    if (service !== undefined) return `${address} is the address of Service ${service.namespace}/${service.name}`
    if (services.isVirtual(canonical)) return `${address} is in the range of the addresses of Services`
    const listed = instances.at(canonical, addressPort)?.instance
    const isForeign = listed?.meshed === false && (listed.namespace !== namespace || listed.workload !== workload)
    if (isForeign)
      return `${address} port ${addressPort} is an address of Workload ${listed.namespace}/${listed.workload}`
  }
  return undefined
}

/**
 * Why a node may not be the proxy of an instance that the source gives; `undefined`: it may. One that the source does not know yet
 * tries again: what it is told of the cluster may come later than the proxy itself.
 */
export function refuseStream(node: Node, { instances }: RegistrationRules): string | undefined {
  const pod = instances.get(instanceKey(node))
  if (pod === undefined) return `no pod ${instanceKey(node)} is known, or not yet`
  if (pod.serviceAccount === node.serviceAccount) return undefined
  return `pod ${instanceKey(node)} has the service account ${pod.serviceAccount}, not ${node.serviceAccount}`
}
