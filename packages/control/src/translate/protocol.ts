import { Protocol } from '@heddle/api/discovery'
import { type PortProtocol, protocolOfName } from '@heddle/api/kinds/app-protocol'

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
export function agreedProtocol(appProtocols: Iterable<string | undefined>): Protocol {
  let agreed = Protocol.UNSPECIFIED
  for (const appProtocol of appProtocols) {
    const protocol = toProtocol(appProtocol)
    if (protocol === Protocol.UNSPECIFIED || protocol === agreed) continue
    if (agreed !== Protocol.UNSPECIFIED) return Protocol.UNSPECIFIED
    agreed = protocol
  }
  return agreed
}
