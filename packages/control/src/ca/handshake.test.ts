import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { createLog } from '@heddle/base/log'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import { type PeerVerdict, verifyPeer } from '@heddle/identity/verify-peer'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { directoryStore } from './authority-store.ts'
import { type CertificateAuthority, openCertificateAuthority } from './certificate-authority.ts'
import { openServerIdentity, type ServerTls } from './server-identity.ts'

const HOUR_MS = 3_600_000
const TRUST_DOMAIN = 'heddle.local'
const WEB = 'spiffe://heddle.local/ns/emojivote/sa/web'
const VOTING = 'spiffe://heddle.local/ns/emojivote/sa/voting'
const log = createLog(() => undefined, 'off')

/** What each end found out about the other; `undefined`: the handshake did not get so far. */
interface Meeting {
  readonly serverSaw: PeerVerdict | undefined
  readonly clientSaw: PeerVerdict | undefined
  /** Whether any application data arrived at the client. */
  readonly talked: boolean
}

type Tls = Omit<ServerTls, 'notBeforeMs' | 'notAfterMs'>

let dir: string
/** Two days ago, so what it signs for a day is expired; its root and issuer are good. */
let earlier: CertificateAuthority
let ours: CertificateAuthority
let foreign: CertificateAuthority

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heddle-handshake-'))
  const open = (name: string, nowMs: number) =>
    openCertificateAuthority({
      store: directoryStore(join(dir, name)),
      trustDomain: TRUST_DOMAIN,
      clock: new ManualClock(nowMs),
      log,
    })
  earlier = await open('ours', Date.now() - 48 * HOUR_MS)
  ours = await open('ours', Date.now())
  foreign = await open('foreign', Date.now())
})

afterAll(() => rm(dir, { recursive: true, force: true }))

async function identityOf(ca: CertificateAuthority, spiffeId: string): Promise<Tls> {
  const { privateKey, privateKeyPem } = await createWorkloadKey()
  const publicKeyDer = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const { chainPem } = await ca.sign({ publicKeyDer, spiffeId })
  return { certificateChainPem: chainPem, privateKeyPem, trustBundlePem: ours.trustBundlePem }
}

function contextOf(identity: Tls): tls.SecureContextOptions {
  return { key: identity.privateKeyPem, cert: identity.certificateChainPem, ca: identity.trustBundlePem }
}

/** As two proxies meet: mTLS, TLS 1.3 only, and each asks for the identity that it expects. */
async function meet(server: Tls, client: Tls | undefined, expectServer = VOTING): Promise<Meeting> {
  let serverSaw: PeerVerdict | undefined
  const options = { ...contextOf(server), requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' as const }
  const listener = tls.createServer(options, (socket) => {
    socket.on('error', () => undefined)
    serverSaw = verdictOf(socket, undefined)
    socket.end(serverSaw.kind === 'verified' ? 'hello' : '')
  })
  listener.on('tlsClientError', (_error, socket) => socket.destroy())
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const credentials = client === undefined ? { ca: server.trustBundlePem } : contextOf(client)
  const socket = tls.connect({ ...credentials, port, host: '127.0.0.1', checkServerIdentity: () => undefined })
  let clientSaw: PeerVerdict | undefined
  let heard = ''
  socket.on('secureConnect', () => {
    clientSaw = verdictOf(socket, expectServer)
  })
  socket.on('data', (chunk: Buffer) => {
    if (clientSaw?.kind === 'verified') heard += chunk.toString()
  })
  await new Promise<void>((resolve) => {
    socket.on('error', () => resolve())
    socket.on('close', () => resolve())
  })
  await new Promise((resolve) => listener.close(resolve))
  return { serverSaw, clientSaw, talked: heard === 'hello' }
}

function verdictOf(socket: tls.TLSSocket, spiffeId: string | undefined): PeerVerdict {
  const leaf = socket.getPeerX509Certificate()?.raw
  return verifyPeer(leaf, { trustDomain: TRUST_DOMAIN, spiffeId, nowMs: Date.now() })
}

test('two workloads of one mesh know each other', async () => {
  const meeting = await meet(await identityOf(ours, VOTING), await identityOf(ours, WEB))
  expect(meeting).toMatchObject({
    serverSaw: { kind: 'verified', spiffeId: WEB },
    clientSaw: { kind: 'verified', spiffeId: VOTING },
    talked: true,
  })
})

test('a server with the certificate of another identity is refused by the client', async () => {
  const meeting = await meet(await identityOf(ours, WEB), await identityOf(ours, WEB))
  expect(meeting).toMatchObject({ clientSaw: { kind: 'refused', reason: 'other_identity' }, talked: false })
})

test('a server of a foreign authority is refused by the client, though it has the right name', async () => {
  const meeting = await meet(await identityOf(foreign, VOTING), await identityOf(ours, WEB))
  expect(meeting).toEqual({ serverSaw: undefined, clientSaw: undefined, talked: false })
})

test('a server whose certificate has expired is refused by the client', async () => {
  const meeting = await meet(await identityOf(earlier, VOTING), await identityOf(ours, WEB))
  expect(meeting).toEqual({ serverSaw: undefined, clientSaw: undefined, talked: false })
})

test.each([
  { name: 'no certificate', client: () => Promise.resolve(undefined) },
  { name: 'one of a foreign authority', client: () => identityOf(foreign, WEB) },
  { name: 'one that has expired', client: () => identityOf(earlier, WEB) },
])('a client with $name is refused by the server', async ({ client }) => {
  const meeting = await meet(await identityOf(ours, VOTING), await client())
  expect(meeting).toMatchObject({ serverSaw: undefined, talked: false })
})

test('the certificate of an issuer itself is no identity', async () => {
  const { certificateChainPem, ...rest } = await identityOf(ours, VOTING)
  const issuer = certificateChainPem.slice(certificateChainPem.lastIndexOf('-----BEGIN'))
  await expect(meet({ certificateChainPem: issuer, ...rest }, undefined)).rejects.toThrow(/key values mismatch/)
})

test('the control plane is reached by an ordinary TLS client that trusts the bundle, before and after renewal', async () => {
  const clock = new ManualClock(Date.now())
  const stop = new AbortController()
  const identity = await openServerIdentity({ ca: ours, clock, log, addresses: [], signal: stop.signal })
  const listener = tls.createServer(contextOf(identity.current()), (socket) => socket.end())
  const rotated = new Promise<void>((resolve) => {
    identity.onRotate((material) => {
      listener.setSecureContext(contextOf(material))
      resolve()
    }, stop.signal)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const before = await serialSeenAt(listener)
  clock.advance(18 * HOUR_MS)
  await rotated
  const after = await serialSeenAt(listener)
  stop.abort()
  await new Promise((resolve) => listener.close(resolve))
  expect(before).not.toBe(after)
})

async function serialSeenAt(listener: tls.Server): Promise<string> {
  const { port } = listener.address() as AddressInfo
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: ours.trustBundlePem })
  await once(socket, 'secureConnect')
  const { serialNumber } = socket.getPeerCertificate()
  socket.resume()
  await once(socket, 'close')
  return serialNumber
}
