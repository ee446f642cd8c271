import { PROXY_PORTS } from '@heddle/api/proxy-ports'
import type { TcpProbe } from '@heddle/api/tcp-probe'
import { type HostPort, isLoopback, parseIpPort } from '@heddle/base/host-port'
import {
  type ApplicationPort,
  parseIpList,
  parsePorts,
  parseTcpProbes,
  parseUpstreams,
  type Upstream,
} from './entries.ts'
import type { VariableTable } from './env-reader.ts'
import { integer, optional, syntax } from './variable.ts'

/** Where traffic comes into the proxy, and where it goes to. */
export interface TrafficConfig {
  readonly ports: readonly ApplicationPort[]
  readonly upstreams: readonly Upstream[]
  readonly advertiseAddresses: readonly string[]
  /** Empty: all addresses of the families that the host has. */
  readonly listenAddresses: readonly string[]
  readonly outboundPort: number
  readonly inboundPort: number
  readonly adminAddress: HostPort
  /** `undefined`: nowhere. */
  readonly probeAddress: HostPort | undefined
  /** What is answered there for the application. */
  readonly tcpProbes: readonly TcpProbe[]
  /** Empty: not known. */
  readonly nodeAddresses: readonly string[]
}

/** Names and defaults of {@link TrafficConfig}. */
export const TRAFFIC_VARIABLES: VariableTable<TrafficConfig> = {
  ports: syntax(
    'HEDDLE_PORTS',
    {
      fallback: '',
      expects: 'ports like `name=http,port=8080,app=127.0.0.1:18080,listen=127.0.0.1:0`, `;` between them',
      about:
        "The application's ports. `port` is the port that Services target, `app` where the application listens (explicit: needed; transparent: where the connection was meant to go), `listen` where the proxy listens for it (explicit only, `127.0.0.1:0` unless given).",
    },
    parsePorts,
  ),
  upstreams: syntax(
    'HEDDLE_UPSTREAMS',
    {
      fallback: '',
      expects: 'upstreams like `listen=127.0.0.1:0,key=name:voting-svc.emojivote:8080`, `;` between them',
      about: 'Explicit mode: one local listener for each destination that the application talks to.',
    },
    parseUpstreams,
  ),
  advertiseAddresses: syntax(
    'HEDDLE_ADVERTISE_ADDRESSES',
    {
      fallback: '',
      expects: 'IP addresses, `,` between them',
      about:
        'Own addresses by which other workloads reach this one; Services lead to the first. Transparent mode needs them; in explicit mode, which registers the first alone, unset means the address that `listen` is bound to.',
    },
    parseIpList,
  ),
  listenAddresses: syntax(
    'HEDDLE_LISTEN_ADDRESSES',
    {
      fallback: '',
      expects: 'IP addresses, `,` between them',
      about:
        'Transparent mode: addresses that the inbound and outbound ports are bound on; unset: `0.0.0.0` and, where the host has IPv6, `::`.',
    },
    parseIpList,
  ),
  outboundPort: integer('HEDDLE_OUTBOUND_PORT', {
    fallback: String(PROXY_PORTS.outbound),
    min: 0,
    max: 65_535,
    about: 'Transparent mode: where connections of the application are redirected to.',
  }),
  inboundPort: integer('HEDDLE_INBOUND_PORT', {
    fallback: String(PROXY_PORTS.inbound),
    min: 0,
    max: 65_535,
    about: 'Transparent mode: where connections to the application are redirected to.',
  }),
  adminAddress: syntax(
    'HEDDLE_ADMIN_ADDRESS',
    {
      fallback: `127.0.0.1:${PROXY_PORTS.admin}`,
      expects: '`IP:PORT`, a loopback address',
      about: 'Where the admin interface listens; port 0 takes any free port.',
    },
    parseLoopback,
  ),
  probeAddress: optional(
    syntax(
      'HEDDLE_PROBE_ADDRESS',
      {
        expects: '`IP:PORT`',
        about:
          'Where `GET /live`, `/ready` and `/metrics` are answered to others than this host, such as a kubelet and Prometheus, and what `HEDDLE_TCP_PROBES` names, and nothing else is; unset: nowhere.',
      },
      parseIpPort,
    ),
  ),
  tcpProbes: syntax(
    'HEDDLE_TCP_PROBES',
    {
      fallback: '',
      expects: 'probes like `8080/1,5432/5`',
      about:
        "Ports of the application of which a kubelet asks whether they take connections, each with the seconds that it waits for an answer: `GET /probe/tcp/8080/1` at `HEDDLE_PROBE_ADDRESS`. The proxy connects to the first of `HEDDLE_ADVERTISE_ADDRESSES`, else to `127.0.0.1`. It is there for the `tcpSocket` of a pod's probes.",
    },
    parseTcpProbes,
  ),
  nodeAddresses: syntax(
    'HEDDLE_NODE_ADDRESSES',
    {
      fallback: '',
      expects: 'IP addresses, `,` between them',
      about:
        "Kubernetes: the addresses of the pod's node. A request in plain with the user agent of a kubelet is counted as a probe only if it comes from one of them or from the pod's default gateway; unset: none is.",
    },
    parseIpList,
  ),
}

function parseLoopback(text: string): HostPort {
  const address = parseIpPort(text)
  if (!isLoopback(address.host)) throw new RangeError('the admin interface changes the proxy and is for this host only')
  return address
}
