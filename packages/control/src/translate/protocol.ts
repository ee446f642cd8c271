import { Protocol } from '@heddle/api/discovery'
import { type PortProtocol, protocolOfName } from '@heddle/api/kinds/app-protocol'
import type { Service, ServicePort } from '@heddle/api/kinds/service'
import { OPAQUE_PORTS_ANNOTATION } from '@heddle/kube/inject/names'
import { hasPort, type PortRange, parsePortRanges } from '@heddle/kube/port-range'
import type { Instance, InstancePort } from '../model/instance.ts'

const PROTOCOLS: Readonly<Record<PortProtocol, Protocol>> = {
  http1: Protocol.HTTP1,
  http2: Protocol.HTTP2,
  tls: Protocol.TLS,
  opaque: Protocol.OPAQUE,
}

/** Unspecified, so that the first bytes are looked at, for what is absent or not known. */
export function toProtocol(appProtocol: string | undefined): Protocol {
  const protocol = protocolOfName(appProtocol)
  return protocol === undefined ? Protocol.UNSPECIFIED : PROTOCOLS[protocol]
}

/** The one protocol that all who say something say; unspecified where they differ, or nobody does. */
export function agreedProtocol(protocols: Iterable<Protocol>): Protocol {
  let agreed = Protocol.UNSPECIFIED
  for (const protocol of protocols) {
    if (protocol === Protocol.UNSPECIFIED || protocol === agreed) continue
    if (agreed !== Protocol.UNSPECIFIED) return Protocol.UNSPECIFIED
    agreed = protocol
  }
  return agreed
}

/** What a Service says of one of its ports: its annotation {@link OPAQUE_PORTS_ANNOTATION} goes before `appProtocol`. */
export function protocolOfService(service: Service, { port, appProtocol }: ServicePort): Protocol {
  return hasPort(opaquePortsOf(service), port) ? Protocol.OPAQUE : toProtocol(appProtocol)
}

/** What an instance says of one of its ports itself, or else the Services that lead to it. */
export function protocolOfPort(
  { opaquePorts }: Pick<Instance, 'opaquePorts'>,
  port: Pick<InstancePort, 'port' | 'name'>,
  services: readonly Service[],
): Protocol {
  if (hasPort(opaquePorts ?? [], port.port)) return Protocol.OPAQUE
  return agreedProtocol(
    services.flatMap((service) =>
      service.spec.ports
        .filter(({ targetPort }) => targetPort === port.port || (port.name !== '' && targetPort === port.name))
        .map((one) => protocolOfService(service, one)),
    ),
  )
}

const opaquePorts = new WeakMap<Service, readonly PortRange[]>()

function opaquePortsOf(service: Service): readonly PortRange[] {
  const text = service.metadata.annotations[OPAQUE_PORTS_ANNOTATION]
  if (text === undefined) return []
  const known = opaquePorts.get(service) ?? readPorts(text)
  opaquePorts.set(service, known)
  return known
}

/** One that cannot be read says nothing. */
function readPorts(text: string): readonly PortRange[] {
  try {
    return parsePortRanges(text)
  } catch {
    return []
  }
}
