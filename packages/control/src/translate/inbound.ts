import { create } from '@bufbuild/protobuf'
import { type Inbound, InboundPortSchema, InboundSchema, type Protocol } from '@heddle/api/discovery'
import type { InboundView } from '../model/model.ts'
import { protocolOfPort, toProtocol } from './protocol.ts'

/**
 * What a proxy is told of its own workload: where it is, its ports and their protocols, in the order of the ports. What the Workload
 * declares goes before what Services say of the port. Pure.
 */
export function translateInbound(view: InboundView): Inbound {
  const { region = '', zone = '' } = view.instance ?? {}
  const ports = portNumbers(view).map((port) => create(InboundPortSchema, { port, protocol: protocolOf(view, port) }))
  return create(InboundSchema, { ports, ...((region !== '' || zone !== '') && { locality: { region, zone } }) })
}

/** Declared, registered, and where every port is the instance's, those that somebody says something of. */
function portNumbers({ workload, instance, services }: InboundView): readonly number[] {
  const numbers = new Set([...(workload?.spec.ports ?? []), ...(instance?.ports ?? [])].map(({ port }) => port))
  if (instance !== undefined && instance.wholeAddresses.length > 0) {
    for (const { targetPort } of services.flatMap(({ spec }) => spec.ports)) {
      if (typeof targetPort === 'number') numbers.add(targetPort)
    }
    for (const { first, last } of instance.opaquePorts ?? []) {
      for (let port = first; port <= last && numbers.size < MAX_PORTS; port += 1) numbers.add(port)
    }
  }
  return [...numbers].sort((a, b) => a - b)
}

/** Of wider ranges the rest is found out by looking. */
const MAX_PORTS = 1_024

function protocolOf({ workload, instance, services }: InboundView, port: number): Protocol {
  const declared = workload?.spec.ports.find((one) => one.port === port)
  if (declared?.appProtocol !== undefined) return toProtocol(declared.appProtocol)
  const name = declared?.name ?? instance?.ports.find((one) => one.port === port)?.name ?? ''
  return protocolOfPort(instance ?? {}, { port, name }, services)
}
