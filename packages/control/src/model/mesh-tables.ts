import { Attachments } from './attachments.ts'
import { InstanceTable } from './instance-table.ts'
import { Members } from './members.ts'
import type { ModelOptions } from './model.ts'
import { ObjectTable } from './object-table.ts'
import { ServiceAddressTable } from './service-addresses.ts'
import { ServiceTable } from './service-table.ts'
import { TrafficTables } from './traffic-tables.ts'
import { WorkloadTable } from './workload-table.ts'

/** As docs/reference/configuration.md promises, and as Kubernetes has it unless told otherwise. */
const SERVICE_RANGE_V4 = '10.96.0.0/12'
/** A unique local range (RFC 4193); as small as the largest that Kubernetes takes. */
const SERVICE_RANGE_V6 = 'fd68:6564:646c::/108'

/** Everything that the model keeps. */
export interface MeshTables {
  readonly objects: ObjectTable
  readonly services: ServiceTable
  readonly workloads: WorkloadTable
  readonly instances: InstanceTable
  readonly addresses: ServiceAddressTable
  readonly traffic: TrafficTables
  /** Kept of questions to the others, until they change. */
  readonly members: Members
  /** Kept likewise. */
  readonly attachments: Attachments
}

/** Makes them, empty. */
export function createMeshTables(options: ModelOptions): MeshTables {
  const workloads = new WorkloadTable()
  const services = createServiceTable(options)
  const instances = new InstanceTable(workloads, options.instancesFrom === 'source' ? 'stream' : 'instance')
  const traffic = new TrafficTables(services)
  return {
    objects: new ObjectTable(),
    services,
    workloads,
    instances,
    addresses: new ServiceAddressTable(instances),
    traffic,
    members: new Members(instances.byLabel, workloads.byLabel),
    attachments: new Attachments(traffic),
  }
}

function createServiceTable(options: ModelOptions): ServiceTable {
  return options.instancesFrom === 'source'
    ? new ServiceTable(undefined, undefined)
    : new ServiceTable(SERVICE_RANGE_V4, SERVICE_RANGE_V6)
}
