import { describe, expect, test } from 'vitest'
import type { TlsFiles } from '../certificates.ts'
import { envoy } from './envoy.ts'
import { haproxy } from './haproxy.ts'
import { heddle } from './heddle.ts'
import { nginx } from './nginx.ts'
import type { Hop, Peer } from './peer.ts'

const filesOf = (name: string): TlsFiles => ({
  certificateFile: `/certs/${name}.crt`,
  keyFile: `/certs/${name}.key`,
  combinedFile: `/certs/${name}.pem`,
  caFile: '/certs/ca.pem',
  identity: `spiffe://heddle.local/ns/bench/sa/${name}`,
  serverName: `${name}.bench.sa.heddle.local`,
})
const hopOf = (role: Hop['role']): Hop => ({
  role,
  listenPort: 1111,
  listenProtocol: 'http1',
  upstreamPorts: [2222, 2223],
  upstreamProtocol: 'http1',
  adminPort: 3333,
  tls: { client: filesOf('client'), server: filesOf('server') },
  directory: '/hop',
})
const textOf = (peer: Peer, role: Hop['role']): string =>
  Object.values(peer.launch('/program', hopOf(role)).files).join('\n')

describe.each([
  { peer: heddle, name: 'heddle' },
  { peer: haproxy, name: 'haproxy' },
  { peer: nginx, name: 'nginx' },
  { peer: envoy, name: 'envoy' },
])('$name', ({ peer }) => {
  test('listens on the loopback and goes to the next port', () => {
    const text = textOf(peer, 'plain')
    expect(text).toContain('1111')
    expect(text).toContain('2222')
    expect(text).not.toContain('0.0.0.0')
    expect(text).not.toContain('/certs/')
  })

  test('verifies the server as a client of mTLS and shows its own certificate', () => {
    const text = textOf(peer, 'tls-client')
    expect(text).toContain('/certs/client.')
    expect(text).toContain('/certs/ca.pem')
    expect(text).toMatch(/server.bench.sa.heddle.local|ns.bench.sa.server/)
  })

  test('asks the client for its certificate as a server of mTLS', () => {
    const text = textOf(peer, 'tls-server')
    expect(text).toContain('/certs/server.')
    expect(text).toContain('/certs/ca.pem')
  })
})

test.each([
  { peer: haproxy, plain: /proto h2[\s\S]*proto h2/, tls: /alpn h2/ },
  { peer: envoy, plain: /"http2_protocol_options"/, tls: /"h2"/ },
  { peer: nginx, plain: /http2;[\s\S]*grpc_pass/, tls: /proxy_http_version 1.1/ },
])('$peer.name speaks HTTP/2 where the hop is of it', ({ peer, plain, tls }) => {
  const textFor = (role: Hop['role']) => {
    const hop: Hop = { ...hopOf(role), listenProtocol: 'h2', upstreamProtocol: 'h2' }
    return Object.values(peer.launch('/program', hop).files).join('\n')
  }
  expect(textFor('plain')).toMatch(plain)
  expect(textFor('tls-client')).toMatch(tls)
})
