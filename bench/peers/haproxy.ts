import { join } from 'node:path'
import { readVersion } from '../process/read-version.ts'
import { findProgram } from './find-program.ts'
import type { Hop, Peer } from './peer.ts'

/** HAProxy, one thread. */
export const haproxy: Peer = {
  name: 'haproxy',
  find: () => findProgram('haproxy'),
  install: 'Debian: apt-get install haproxy',
  version: (program) => readVersion(program, ['-v']),
  launch: (program, hop) => ({
    files: { 'haproxy.cfg': formatConfig(hop) },
    command: [program, '-db', '-f', join(hop.directory, 'haproxy.cfg')],
  }),
}

/**
 * `random(2)` is the power of two choices, `http-reuse always` shares upstream connections between all clients. The pool is
 * kept while the others have their turn, as theirs are: handshakes would otherwise be counted for HAProxy alone.
 */
function formatConfig(hop: Hop): string {
  return `global
  nbthread 1
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
  bind 127.0.0.1:${hop.listenPort}${formatBindTls(hop)}
  default_backend out

backend out
  balance random(2)
  http-reuse always
  server next 127.0.0.1:${hop.upstreamPort} pool-purge-delay 60s${formatServerTls(hop)}
`
}

function formatBindTls({ role, tls }: Hop): string {
  if (role !== 'tls-server') return ''
  return ` ssl crt ${tls.server.combinedFile} ca-file ${tls.server.caFile} verify required alpn http/1.1`
}

function formatServerTls({ role, tls }: Hop): string {
  if (role !== 'tls-client') return ''
  const { serverName } = tls.server
  const verify = `ca-file ${tls.client.caFile} verify required verifyhost ${serverName}`
  return ` ssl crt ${tls.client.combinedFile} ${verify} sni str(${serverName}) alpn http/1.1`
}
