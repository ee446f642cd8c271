import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, get } from 'node:http'
import type { Server } from 'node:net'
import { dirname, join } from 'node:path'
import { connect, createServer as createTlsServer } from 'node:tls'
import { codeOf } from '@heddle/base/code-of'
import { createTestCa, type TestCa, type TestIdentity } from '@heddle/testkit/test-ca'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ControlPlane, type Credentials } from './harness/control-plane.ts'
import { listen, portOf, readToEnd, SERVER_ID, TwoHops } from './harness/hops.ts'
import { TestMesh } from './harness/mesh.ts'
import { canRun } from './harness/requirements.ts'
import { bridgeOf } from './harness/run-state.ts'
import { echoManifests, loadWorkload } from './harness/shop.ts'
import { until } from './harness/until.ts'

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

describe('the control plane', () => {
  const mine = 'spiffe://heddle.local/ns/shop/sa/load'
  const other = 'spiffe://heddle.local/ns/shop/sa/echo'
  let mesh: TestMesh
  let control: ControlPlane

  beforeAll(async () => {
    mesh = await TestMesh.start({ mode: 'explicit', manifests: () => ({ 'echo.yaml': echoManifests(1) }) })
    control = new ControlPlane(mesh)
  })

  afterAll(() => mesh[Symbol.asyncDispose]())

  test('signs for the holder of a token, once', async () => {
    const token = await createToken()
    const first = await control.sign(mine, token)
    expect(first.status).toBe(200)
    expect(first.text).toContain('BEGIN CERTIFICATE')
    const second = await control.sign(mine, token)
    expect(second).toMatchObject({ status: 401, text: expect.stringMatching(/used already/) })
  })

  test.each([
    { name: 'without a token', token: '', says: /neither a client certificate nor a token/ },
    { name: 'with something that is no token', token: 'let-me-in', says: /join token/ },
    {
      name: 'with a token that it did not make',
      token: `hdl1.${'A'.repeat(22)}.${'B'.repeat(43)}`,
      says: /join token/,
    },
  ])('signs nothing $name', async ({ token, says }) => {
    const answer = await control.sign(mine, token)
    expect(answer).toMatchObject({ status: 401, text: expect.stringMatching(says) })
    expect(answer.text).not.toContain('CERTIFICATE')
  })

  test('signs nothing with a token that has expired', async () => {
    const { token, expires } = await createTokenFor('1s')
    // What it says is cut to whole seconds.
    await until('the token has expired', () => Date.now() > Date.parse(expires) + 1_000)
    expect(await control.sign(mine, token)).toMatchObject({ status: 401, text: expect.stringMatching(/expired/) })
  })

  test('signs no other identity than that of the token, nor than that of the certificate', async () => {
    const token = await createToken()
    expect(await control.sign(other, token)).toMatchObject({ status: 403 })
    const own = await joinMesh()
    expect(await control.sign(other, '', own)).toMatchObject({ status: 403 })
    expect(await control.sign(mine, '', own)).toMatchObject({ status: 200 })
  })

  test.each([
    { name: 'another namespace', node: { namespace: 'other' } },
    { name: 'another service account', node: { serviceAccount: 'echo' } },
  ])('registers no instance for $name', async ({ node }) => {
    const own = await joinMesh()
    const right = { namespace: 'shop', workload: 'load', instance: 'load-7', serviceAccount: 'load' }
    expect((await control.watch({ ...right, ...node }, own)).text).toContain('permission_denied')
    expect((await control.watch(right, own)).text).toContain('"streamId"')
    const text = (await mesh.heddle('identity', '-A', '-o', 'json')).stdout
    expect(JSON.parse(text)).not.toContainEqual(expect.objectContaining({ pod: 'load-7', namespace: 'other' }))
  })

  test('registers nobody without a certificate', async () => {
    const node = { namespace: 'shop', workload: 'load', instance: 'load-8', serviceAccount: 'load' }
    expect((await control.watch(node)).text).toMatch(/unauthenticated/)
  })

  test('refuses the command line with a wrong token', async () => {
    const right = readFileSync(control.tokenFile, 'utf8')
    expect(statSync(control.tokenFile).mode & 0o777).toBe(0o600)
    writeFileSync(control.tokenFile, `${right.trim().slice(0, -1)}x\n`)
    try {
      const refused = await mesh.heddle('endpoints', '-A')
      expect(refused.status).toBe(1)
      expect(refused.stderr).toMatch(/refused/)
      expect(refused.stdout).toBe('')
    } finally {
      writeFileSync(control.tokenFile, right)
    }
    expect((await mesh.heddle('endpoints', '-A')).status).toBe(0)
  })

  async function createTokenFor(ttl: string): Promise<{ readonly token: string; readonly expires: string }> {
    return mesh.json('token', 'create', '-n', 'shop', '-s', 'load', '--ttl', ttl)
  }

  async function createToken(): Promise<string> {
    return (await createTokenFor('1m')).token
  }

  /** A certificate for `mine`, got as a proxy gets it. */
  async function joinMesh(): Promise<Credentials> {
    const { text, key } = await control.sign(mine, await createToken())
    const { certificateChainPem } = JSON.parse(text) as { readonly certificateChainPem: string }
    return { certificateChainPem, privateKeyPem: key }
  }
})

describe.each([{ mode: 'explicit' as const }, { mode: 'transparent' as const }])('on the disk, $mode', ({ mode }) => {
  test.runIf(mode === 'explicit' || canRun('root', 'ip', 'iptables'))(
    'there is no private key of a workload, and those of the authority are for its owner alone',
    async () => {
      await using mesh = await TestMesh.start({
        mode,
        manifests: (file) => ({
          'echo.yaml': echoManifests(1),
          'load.yaml': loadWorkload({ resultFile: file('load.json') }),
        }),
      })
      await mesh.waitForSuccesses('load', 20)
      const folders = [dirname(mesh.home), ...(mode === 'transparent' ? [`/var/lib/heddle/run/${bridgeOf(mesh)}`] : [])]

      const keys = folders.flatMap((folder) => filesBelow(folder).filter(hasPrivateKey))

      const authority = join(mesh.home, 'meshes', 'default', 'control', 'ca')
      expect(keys.map((file) => dirname(file))).toEqual([authority, authority])
      for (const file of keys) expect(statSync(file).mode & 0o777, file).toBe(0o600)
      expect(statSync(authority).mode & 0o777).toBe(0o700)
    },
  )
})

const MOST_OCTETS = 16 * 1024 * 1024

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function hasPrivateKey(file: string): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{20}/.test(readIfThere(file))
}

/** The mesh goes on: some files are there for a moment only, until they take the place of others. */
function readIfThere(file: string): string {
  try {
    return statSync(file).size < MOST_OCTETS ? readFileSync(file, 'latin1') : ''
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  }
}

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
