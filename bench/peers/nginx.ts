import { join } from 'node:path'
import { readVersion } from '../process/read-version.ts'
import { findProgram } from './find-program.ts'
import type { Hop, Peer } from './peer.ts'

/** nginx, one process with one thread. */
export const nginx: Peer = {
  name: 'nginx',
  find: () => findProgram('nginx'),
  install: 'Debian: apt-get install nginx',
  isCompiledAsItRuns: false,
  version: (program) => readVersion(program, ['-v']),
  launch: (program, hop) => ({
    files: { 'nginx.conf': formatNginxConfig(hop.directory, formatServer(hop)) },
    command: [program, '-e', 'stderr', '-p', hop.directory, '-c', join(hop.directory, 'nginx.conf')],
  }),
}

/**
 * A configuration of one process around the contents of `http {}`; nothing is written outside `directory`. Connections are
 * never closed for their number of requests, as with the other proxies.
 */
export function formatNginxConfig(directory: string, http: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 20000;
error_log stderr crit;
pid ${directory}/nginx.pid;
events {
  worker_connections 9000;
}
http {
${temporary.map((name) => `  ${name}_temp_path ${directory}/${name};`).join('\n')}
  access_log off;
  keepalive_timeout 60s;
  keepalive_requests 1000000000;
${http}
}
`
}

/** Answers of 100 KiB fit into the buffers, so that no temporary file distorts the comparison. */
function formatServer(hop: Hop): string {
  return `  upstream next {
    random two least_conn;
${hop.upstreamPorts.map((port) => `    server 127.0.0.1:${port};`).join('\n')}
    keepalive 512;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${hop.listenPort}${formatListenOptions(hop)};
${formatListenTls(hop)}    location / {
${formatPass(hop)}${formatUpstreamTls(hop)}    }
  }`
}

/** Between two proxies it stays with HTTP/1.1: it cannot speak HTTP/2 to the next one with TLS and a pool. */
function formatListenOptions({ role, listenProtocol }: Hop): string {
  if (role === 'tls-server') return ' ssl'
  return listenProtocol === 'h2' ? ' http2' : ''
}

/** Its module for gRPC speaks HTTP/2 to any server, one request at a time on each connection. */
function formatPass({ role, upstreamProtocol }: Hop): string {
  if (role === 'plain' && upstreamProtocol === 'h2') return '      grpc_pass grpc://next;\n'
  return `      proxy_pass ${role === 'tls-client' ? 'https' : 'http'}://next;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_buffers 32 8k;
      proxy_max_temp_file_size 0;
`
}

function formatListenTls({ role, tls }: Hop): string {
  if (role !== 'tls-server') return ''
  return `    ssl_protocols TLSv1.3;
    ssl_certificate ${tls.server.certificateFile};
    ssl_certificate_key ${tls.server.keyFile};
    ssl_client_certificate ${tls.server.caFile};
    ssl_verify_client on;
`
}

function formatUpstreamTls({ role, tls }: Hop): string {
  if (role !== 'tls-client') return ''
  return `      proxy_ssl_protocols TLSv1.3;
      proxy_ssl_certificate ${tls.client.certificateFile};
      proxy_ssl_certificate_key ${tls.client.keyFile};
      proxy_ssl_trusted_certificate ${tls.client.caFile};
      proxy_ssl_verify on;
      proxy_ssl_name ${tls.server.serverName};
      proxy_ssl_server_name on;
`
}
