import { networkInterfaces } from 'node:os'
import type { NodePortJson } from '@heddle/api/discovery'
import { formatHostPort, type HostPort } from '@heddle/base/host-port'
import type { SidecarConfig } from '../config/sidecar-config.ts'
import type { ListenerConfig } from '../listener-config.ts'
import type { BoundListener } from '../start-proxy.ts'

const ANY_LOOPBACK_PORT: HostPort = { host: '127.0.0.1', port: 0 }

/** Where the data path is to listen. */
export function toListeners(config: SidecarConfig): ListenerConfig[] {
  return config.mode === 'transparent' ? transparentListeners(config) : explicitListeners(config)
}

function transparentListeners(config: SidecarConfig): ListenerConfig[] {
  const addresses = config.listenAddresses.length > 0 ? config.listenAddresses : wildcards()
  return addresses.flatMap((address): ListenerConfig[] => [
    { kind: 'transparent-outbound', address, port: config.outboundPort },
    { kind: 'transparent-inbound', address, port: config.inboundPort },
  ])
}

/** A host whose kernel has no IPv6 cannot bind `::`. */
function wildcards(): string[] {
  const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ family }) => family === 'IPv6'),
  )
  return hasIpv6 ? ['0.0.0.0', '::'] : ['0.0.0.0']
}

function explicitListeners({ upstreams, ports }: SidecarConfig): ListenerConfig[] {
  const outbound = upstreams.map(({ listen, key }) => ({
    kind: 'explicit-outbound' as const,
    address: listen.host,
    port: listen.port,
    key,
  }))
  const inbound = ports.map(({ port, app, listen = ANY_LOOPBACK_PORT }) => ({
    kind: 'explicit-inbound' as const,
    address: listen.host,
    port: listen.port,
    // parseSidecarConfig() has seen to it that explicit ports say where the application listens.
    appAddress: app!.host,
    appPort: app!.port,
    workloadPort: port,
  }))
  return [...outbound, ...inbound]
}

/** The `listening` event of docs/reference/proxy-environment.md. */
export function toListeningEvent(
  config: SidecarConfig,
  bound: readonly BoundListener[],
  { admin, probe }: { readonly admin: HostPort; readonly probe?: HostPort | undefined },
): object {
  const names = new Map(config.ports.map(({ name, port }) => [port, name]))
  const outbound: object[] = []
  const inbound: string[] = []
  const ports: object[] = []
  for (const listener of bound) {
    const address = formatHostPort({ host: listener.config.address, port: listener.port })
    switch (listener.config.kind) {
      case 'transparent-outbound':
        outbound.push({ address })
        break
      case 'transparent-inbound':
        inbound.push(address)
        break
      case 'explicit-outbound':
        outbound.push({ key: listener.config.key, address })
        break
      case 'explicit-inbound': {
        const port = listener.config.workloadPort
        ports.push({ name: names.get(port), port, listen: address })
      }
    }
  }
  const beside = { admin: formatHostPort(admin), ...(probe && { probe: formatHostPort(probe) }) }
  return { event: 'listening', inbound, outbound, ports, ...beside }
}

/** Where others reach the workload: as it is registered. */
export function toNodePorts(config: SidecarConfig, bound: readonly BoundListener[]): NodePortJson[] {
  const [advertised] = config.advertiseAddresses
  if (config.mode === 'transparent') {
    const at = (address: string) => config.ports.map(({ name, port }) => ({ name, port, address, addressPort: port }))
    return config.advertiseAddresses.flatMap(at)
  }
  return config.ports.flatMap(({ name, port }) => {
    const listener = bound.find((one) => one.config.kind === 'explicit-inbound' && one.config.workloadPort === port)
    if (listener === undefined) return []
    return [{ name, port, address: advertised ?? listener.config.address, addressPort: listener.port }]
  })
}
