import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestCa, type TestCa, type TestIdentity } from '@heddle/testkit/test-ca'
import { PortPicker } from '../../packages/cli/src/process/port-picker.ts'
import type { Started } from './process.ts'
import { askAdmin, type RunningProxy, startProxy } from './static-proxy.ts'
import { until } from './until.ts'

const ANY_PORT = '127.0.0.1:0'

const CLIENT_ID = 'spiffe://heddle.local/ns/shop/sa/client'
/** Whom the client's proxy expects. */
export const SERVER_ID = 'spiffe://heddle.local/ns/shop/sa/server'

export type HopsProtocol = 'detect' | 'http1' | 'http2'

export interface HopsOptions {
  /** Where the server's proxy forwards to. */
  readonly originPort: number
  /** As declared on both proxies; `http1` unless given. */
  readonly protocol?: HopsProtocol
  /** As declared for the application alone. */
  readonly appProtocol?: HopsProtocol
  /** Descriptors that the first proxy may open. */
  readonly descriptors?: number
  readonly limits?: Readonly<Record<string, number>>
  /** Of the server's proxy, where they differ. */
  readonly serverLimits?: Readonly<Record<string, number>>
  /** Issues both certificates; one of its own unless given. */
  readonly authority?: TestCa
  /** Where the client's proxy finds its endpoint, if not at the server's proxy. */
  readonly endpointPort?: number
}

/** A connection, as the admin listener tells it. */
export interface Accepted {
  readonly openRequests: number
  readonly writtenBytes: number
  readonly peerIdentity?: string
}

/** Two proxy processes with mTLS between them: a client connects to `port`, the origin gets what came through. */
export class TwoHops {
  readonly port: number
  /** The proxy beside the client. */
  readonly client: Started
  /** The proxy beside the origin. */
  readonly server: Started
  readonly adminPort: number
  readonly serverAdminPort: number
  /** Where the server's proxy listens; it refuses all but mTLS. */
  readonly inboundPort: number
  readonly #directory: string

  private constructor(directory: string, client: RunningProxy, server: RunningProxy) {
    this.#directory = directory
    this.port = client.port
    this.adminPort = client.adminPort
    this.inboundPort = server.port
    this.serverAdminPort = server.adminPort
    this.client = client.proxy
    this.server = server.proxy
  }

  static async start(options: HopsOptions): Promise<TwoHops> {
    const directory = mkdtempSync(join(tmpdir(), 'heddle-e2e-'))
    const authority = options.authority ?? (await createTestCa())
    const protocol = options.protocol ?? 'http1'
    const { limits = {}, serverLimits = {} } = options
    const server = await startProxy(join(directory, 'server.json'), {
      listeners: [
        {
          kind: 'inbound',
          address: ANY_PORT,
          app: `127.0.0.1:${options.originPort}`,
          protocol: options.appProtocol ?? protocol,
          plain: 'refuse',
        },
      ],
      destinations: [],
      identity: writeIdentity(directory, SERVER_ID, await authority.issueFor(SERVER_ID)),
      admin: ANY_PORT,
      limits: { ...limits, ...serverLimits },
    })
    const endpoint = { address: `127.0.0.1:${options.endpointPort ?? server.port}`, identity: SERVER_ID }
    const client = await startProxy(
      join(directory, 'client.json'),
      {
        listeners: [{ kind: 'outbound', address: ANY_PORT, destination: 'origin' }],
        destinations: [{ name: 'origin', protocol, endpoints: [endpoint] }],
        identity: writeIdentity(directory, CLIENT_ID, await authority.issueFor(CLIENT_ID)),
        admin: ANY_PORT,
        limits,
      },
      options.descriptors,
    )
    return new TwoHops(directory, client, server)
  }

  /** Sample of a metric of the client's proxy, or of that of `adminPort`; 0 when it is not there. */
  async metric(name: string, adminPort = this.adminPort): Promise<number> {
    const text = await askAdmin(adminPort, '/metrics')
    const line = text.split('\n').find((candidate) => candidate.startsWith(name))
    return Number(line?.split(' ').at(-1) ?? 0)
  }

  /** Connections that the proxy of `adminPort` has accepted and not closed. */
  async connections(adminPort: number): Promise<readonly Accepted[]> {
    return JSON.parse(await askAdmin(adminPort, '/connections?limit=1000')) as readonly Accepted[]
  }

  /** Waits until nothing is under way any more: what the origin has got by then is all that it gets. */
  async untilIdle(): Promise<void> {
    // The last one twice: what was still on the way to it when it was asked, it has read when it is asked again.
    for (const adminPort of [this.adminPort, this.serverAdminPort, this.serverAdminPort]) {
      await until('no request is open', async () =>
        (await this.connections(adminPort)).every(({ openRequests }) => openRequests === 0),
      )
    }
    await new Promise((resolve) => setImmediate(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const proxy of [this.client, this.server]) proxy.process.kill('SIGKILL')
    await Promise.all([this.client.ended, this.server.ended])
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

function writeIdentity(directory: string, id: string, identity: TestIdentity): object {
  const name = id.split('/').at(-1)
  const write = (suffix: string, text: string): string => {
    const file = join(directory, `${name}.${suffix}.pem`)
    writeFileSync(file, text, { mode: 0o600 })
    return file
  }
  return {
    id,
    certificateFile: write('certificate', identity.certificateChainPem),
    keyFile: write('key', identity.privateKeyPem),
    trustBundleFile: write('bundle', identity.trustBundlePem),
  }
}

const PORTS = new PortPicker()

/** A port of loopback for a program that has to be told one; no process of tests gets it again. */
export function freePort(): Promise<number> {
  return PORTS.pick()
}

/** Listens on a free port of loopback. */
export function listen(server: Server): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}

export function portOf(server: Server): number {
  return (server.address() as { readonly port: number }).port
}

/** Private and resident memory of a process, in KiB. */
export function memoryOf(pid: number): { readonly rssKb: number; readonly privateKb: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0)
  return { rssKb: field('Rss'), privateKb: field('Private_Clean') + field('Private_Dirty') }
}

/** All that a peer sends until it ends or breaks off, at most `deadlineMs` long; the socket is destroyed afterwards. */
export function readToEnd(
  socket: Socket,
  deadlineMs: number,
): Promise<{ readonly text: string; readonly isClosed: boolean }> {
  return new Promise((resolve) => {
    let text = ''
    const finish = (isClosed: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ text, isClosed })
    }
    const timer = setTimeout(() => finish(false), deadlineMs)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', () => finish(true))
    socket.on('close', () => finish(true))
  })
}
