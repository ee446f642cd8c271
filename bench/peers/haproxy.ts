import { join } from 'node:path'
import { readVersion } from '../process/read-version.ts'
import { findProgram } from './find-program.ts'
import type { Hop, Peer } from './peer.ts'

/** HAProxy, one thread. */
export const haproxy: Peer = {
  name: 'haproxy',
  find: () => findProgram('haproxy'),
  install: 'Debian: apt-get install haproxy',
  isCompiledAsItRuns: false,
  version: (program) => readVersion(program, ['-v']),
  launch: (program, hop) => ({
    files: { 'haproxy.cfg': formatConfig(hop) },
    command: [program, '-db', '-f', join(hop.directory, 'haproxy.cfg')],
  }),
}

/**
 * `random(2)` is the power of two choices, `http-reuse always` shares upstream connections between all clients. The pool is
 * kept while the others have their turn, as theirs are: handshakes would otherwise be counted for HAProxy alone. The wider window of
 * HTTP/2 spares it a tenth to a fifth of its CPU with answers of 100 KiB and changes nothing with small ones; larger buffers gain
 * nothing.
 */
function formatConfig(hop: Hop): string {
  return `global
  nbthread 1
  tune.h2.initial-window-size 1048576
  maxconn 9000
  ssl-default-bind-options ssl-min-ver TLSv1.3
  ssl-default-server-options ssl-min-ver TLSv1.3

defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  timeout http-request 10s
  timeout http-keep-alive 60s

frontend in
  bind 127.0.0.1:${hop.listenPort}${formatBind(hop)}
  default_backend out

backend out
  balance random(2)
  http-reuse always
${hop.upstreamPorts.map((port, i) => formatServer(hop, port, i)).join('\n')}
`
}

const ALPN = { http1: 'http/1.1', h2: 'h2' } as const

function formatBind({ role, tls, listenProtocol }: Hop): string {
  if (role !== 'tls-server') return formatProtocol(listenProtocol)
  const verify = `ca-file ${tls.server.caFile} verify required`
  return ` ssl crt ${tls.server.combinedFile} ${verify} alpn ${ALPN[listenProtocol]}`
}

function formatServer(hop: Hop, port: number, index: number): string {
  const { role, tls, upstreamProtocol } = hop
  const server = `  server next-${index} 127.0.0.1:${port} pool-purge-delay 60s${formatProtocol(upstreamProtocol)}`
  if (role !== 'tls-client') return server
  const { serverName } = tls.server
  const verify = `ca-file ${tls.client.caFile} verify required verifyhost ${serverName}`
  return `${server} ssl crt ${tls.client.combinedFile} ${verify} sni str(${serverName}) alpn ${ALPN[upstreamProtocol]}`
}

/** Said beforehand, requests may share a connection before its handshake is over. */
function formatProtocol(protocol: Hop['listenProtocol']): string {
  return protocol === 'h2' ? ' proto h2' : ''
}
