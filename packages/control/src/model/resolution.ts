import type { Service, ServicePort } from '@heddle/api/kinds/service'
import type { WorkloadPort } from '@heddle/api/kinds/workload'
import type { Attachment } from './attachments.ts'
import type { Instance, InstancePort } from './instance.ts'
import type { InstanceAt } from './instance-index.ts'

/** What a key means at this moment. */
export type Resolution = ServiceResolution | EndpointResolution | UnmeshedResolution | MissingResolution

/** A port of a Service: where its requests may go, and what is attached to it. */
export interface ServiceResolution {
  readonly kind: 'service'
  readonly service: Service
  readonly port: ServicePort
  /** All that the selector matches, ready or not, in the order of their names. */
  readonly instances: readonly Instance[]
  /** What is at the addresses that the Service has beside its selector. */
  readonly addressed: readonly InstanceAt[]
  /** The ports that the selected Workloads declare for this Service port, for their `appProtocol`. */
  readonly workloadPorts: readonly WorkloadPort[]
  /** Only what runs on this host gets traffic; absent: it does wherever it runs. */
  readonly onlyHost?: string
  /** Routes and policies that are in force for whoever asks. */
  readonly attachment: Attachment
}

/** One instance, asked for by its own address. */
export interface EndpointResolution {
  readonly kind: 'endpoint'
  readonly instance: Instance
  readonly port: InstancePort
  /** As the Workload declares it; `undefined` where it does not. */
  readonly workloadPort: WorkloadPort | undefined
  /** Services that select the instance. */
  readonly services: readonly Service[]
}

/** Nothing of this mesh. */
export interface UnmeshedResolution {
  readonly kind: 'unmeshed'
}

/** A name or address of this mesh that leads nowhere. */
export interface MissingResolution {
  readonly kind: 'missing'
  /** One sentence for the person who reads the error. */
  readonly reason: string
}
