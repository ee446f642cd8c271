import { createServer as createHttpServer, get } from 'node:http'
import type { Server } from 'node:net'
import { connect, createServer as createTlsServer } from 'node:tls'
import { createTestCa, type TestCa, type TestIdentity } from '@heddle/testkit/test-ca'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listen, portOf, readToEnd, SERVER_ID, TwoHops } from './harness/hops.ts'

const CLIENT_ID = 'spiffe://heddle.local/ns/shop/sa/stranger'
const SERVER_NAME = 'server.shop.sa.heddle.local'
const REQUEST = 'GET /secret HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const HOUR_MS = 3_600_000
const ANSWER_MS = 10_000

const expired = (id: string) => ({ uris: [id], notBeforeMs: Date.now() - HOUR_MS, notAfterMs: Date.now() - 120_000 })
const issueForeign = async (id: string): Promise<TestIdentity> => (await createTestCa()).issueFor(id)

describe('an inbound listener that refuses plain traffic', () => {
  let requests = 0
  let origin: Server
  let hops: TwoHops
  const authority = createTestCa()

  beforeAll(async () => {
    const server = createHttpServer((_request, response) => {
      requests += 1
      response.end('the secret')
    })
    origin = await listen(server)
    hops = await TwoHops.start({ originPort: portOf(origin), authority: await authority })
  })

  afterAll(async () => {
    await hops[Symbol.asyncDispose]()
    origin.close()
  })

  test('answers a client of the mesh', async () => {
    expect(await askByTls(await (await authority).issueFor(CLIENT_ID))).toMatch(/^HTTP\/1\.1 200 [\s\S]*the secret$/)
  })

  test.each<{ name: string; issue: (authority: TestCa) => Promise<TestIdentity | undefined> }>([
    { name: 'without a certificate', issue: async () => undefined },
    { name: 'with one of a foreign authority', issue: () => issueForeign(CLIENT_ID) },
    { name: 'with one that has expired', issue: (own) => own.issue(expired(CLIENT_ID)) },
    { name: 'of another trust domain', issue: (own) => own.issueFor('spiffe://elsewhere.example/ns/shop/sa/client') },
    { name: 'with a certificate that names nobody', issue: (own) => own.issue({ uris: [] }) },
  ])('is not reached by a client $name', async ({ issue }) => {
    const before = requests
    expect(await askByTls(await issue(await authority))).toBe('')
    expect(requests).toBe(before)
  })

  test('is not reached by plain HTTP, and says why', async () => {
    const before = requests
    const { statusCode, headers } = await ask(hops.inboundPort)
    expect(statusCode).toBe(403)
    expect(headers['heddle-error']).toBe('plain_refused')
    expect(requests).toBe(before)
  })

  async function askByTls(identity: TestIdentity | undefined): Promise<string> {
    const { trustBundlePem } = await authority
    const socket = connect({
      port: hops.inboundPort,
      host: '127.0.0.1',
      servername: SERVER_NAME,
      ca: trustBundlePem,
      ALPNProtocols: ['http/1.1'],
      checkServerIdentity: () => undefined,
      ...(identity === undefined ? {} : { cert: identity.certificateChainPem, key: identity.privateKeyPem }),
    })
    socket.write(REQUEST)
    const { text, isClosed } = await readToEnd(socket, ANSWER_MS)
    expect(isClosed).toBe(true)
    return text
  }
})

describe('an endpoint gets nothing of a request when its certificate', () => {
  test.each<{ name: string; issue: (authority: TestCa) => Promise<TestIdentity>; error: string }>([
    {
      name: 'is of another identity',
      issue: (own) => own.issueFor('spiffe://heddle.local/ns/shop/sa/thief'),
      error: 'peer_identity_mismatch',
    },
    {
      name: 'is of the same name in another namespace',
      issue: (own) => own.issueFor(SERVER_ID.replace('/shop/', '/other/')),
      error: 'peer_identity_mismatch',
    },
    { name: 'is of a foreign authority', issue: () => issueForeign(SERVER_ID), error: 'peer_certificate_untrusted' },
    { name: 'has expired', issue: (own) => own.issue(expired(SERVER_ID)), error: 'peer_certificate_expired' },
  ])('$name', async ({ issue, error }) => {
    const authority = await createTestCa()
    const own = await issue(authority)
    const endpoint = await startEndpoint(own)
    await using hops = await TwoHops.start({ originPort: 9, authority, endpointPort: portOf(endpoint.server) })

    const { statusCode, headers } = await ask(hops.port)

    expect(statusCode).toBe(502)
    expect(headers['heddle-error']).toBe(error)
    expect(endpoint.connections()).toBeGreaterThan(0)
    expect(endpoint.received()).toBe('')
    endpoint.server.close()
  })

  test('is right, it gets the request', async () => {
    const authority = await createTestCa()
    const endpoint = await startEndpoint(await authority.issueFor(SERVER_ID))
    await using hops = await TwoHops.start({ originPort: 9, authority, endpointPort: portOf(endpoint.server) })
    expect((await ask(hops.port)).statusCode).toBe(200)
    expect(endpoint.received()).toContain('GET /secret ')
    endpoint.server.close()
  })
})

/** A server that has some certificate and notes what it gets. */
async function startEndpoint(own: TestIdentity) {
  let text = ''
  let connections = 0
  const server = createTlsServer(
    {
      cert: own.certificateChainPem,
      key: own.privateKeyPem,
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    },
    (socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1')
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      })
    },
  )
  server.on('connection', () => {
    connections += 1
  })
  server.on('tlsClientError', () => undefined)
  await listen(server)
  return { server, received: () => text, connections: () => connections }
}

interface Answer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

function ask(port: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get({ port, host: '127.0.0.1', path: '/secret', agent: false }, (response) => {
      const { statusCode = 0, headers } = response
      response.resume().on('end', () => resolve({ statusCode, headers }))
    })
    request.setTimeout(ANSWER_MS, () => request.destroy(new Error('no answer')))
    request.on('error', reject)
  })
}
