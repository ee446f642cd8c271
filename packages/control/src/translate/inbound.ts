import { create } from '@bufbuild/protobuf'
import { type Inbound, InboundPortSchema, InboundSchema, type Protocol } from '@heddle/api/discovery'
import type { InboundView } from '../model/model.ts'
import { agreedProtocol, toProtocol } from './protocol.ts'

/**
 * What a proxy is told of its own workload: ports and their protocols, in the order of the ports. What the Workload
 * declares goes before what Services say of the port. Pure.
 */
export function translateInbound(view: InboundView): Inbound {
  const declared = new Map(view.workload?.spec.ports.map((port) => [port.port, port]))
  const registered = new Map(view.instance?.ports.map((port) => [port.port, port]))
  const numbers = [...new Set([...declared.keys(), ...registered.keys()])].sort((a, b) => a - b)
  const ports = numbers.map((port) => {
    const { name, appProtocol } = { name: registered.get(port)?.name, appProtocol: undefined, ...declared.get(port) }
    const protocol = appProtocol === undefined ? protocolOfServices(view, port, name) : toProtocol(appProtocol)
    return create(InboundPortSchema, { port, protocol })
  })
  return create(InboundSchema, { ports })
}

function protocolOfServices({ services }: InboundView, port: number, name: string | undefined): Protocol {
  const ports = services.flatMap((service) => service.spec.ports)
  const targeting = ports.filter((one) => one.targetPort === port || (name !== undefined && one.targetPort === name))
  return agreedProtocol(targeting.map((one) => one.appProtocol))
}
