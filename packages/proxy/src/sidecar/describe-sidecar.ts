import type { DataPlane } from '../start-proxy.ts'
import type { Destination } from '../workload.ts'
import type { SidecarParts } from './sidecar-parts.ts'

/** Everything that a person may want to know of a running sidecar, as `/config` shows it. No secrets. */
export function describeSidecar(parts: SidecarParts, dataPlane: DataPlane): object {
  const { config, node, identity, discovery } = parts
  const certificate = identity.current()
  return {
    node,
    state: dataPlane.state,
    configuration: config,
    identity: {
      spiffeId: identity.spiffeId,
      serverName: identity.serverName,
      ...(certificate === undefined
        ? {}
        : {
            serial: certificate.serial,
            notBefore: new Date(certificate.notBeforeMs).toISOString(),
            notAfter: new Date(certificate.notAfterMs).toISOString(),
          }),
    },
    listeners: dataPlane.listeners.map(({ config: listener, port }) => ({ ...listener, port })),
    controlPlane: { connected: discovery.isConnected, workloadState: discovery.state },
    inboundPorts: Object.fromEntries(discovery.inbound.list()),
    destinations: Object.fromEntries(Array.from(discovery.table.list(), ([key, about]) => [key, asTold(about)])),
  }
}

/** Without what was made of it. */
function asTold(destination: Destination): object {
  return destination.kind === 'service' ? { ...destination, routing: undefined, management: undefined } : destination
}
