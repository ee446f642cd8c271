import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createTestCa, type TestCa, type TestIdentity } from '@heddle/testkit/test-ca'
import { type Started, start } from './process.ts'
import { until } from './until.ts'

const REPOSITORY = resolve(import.meta.dirname, '../..')
const BUN = join(REPOSITORY, 'node_modules/.bin/bun')
const PROXY = join(REPOSITORY, 'packages/proxy/src/main.ts')

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

  private constructor(
    directory: string,
    [port, adminPort, inboundPort, serverAdminPort]: readonly [number, number, number, number],
    proxies: readonly [Started, Started],
  ) {
    this.#directory = directory
    this.port = port
    this.adminPort = adminPort
    this.inboundPort = inboundPort
    this.serverAdminPort = serverAdminPort
    this.client = proxies[0]
    this.server = proxies[1]
  }

  static async start(options: HopsOptions): Promise<TwoHops> {
    const directory = mkdtempSync(join(tmpdir(), 'heddle-e2e-'))
    const authority = options.authority ?? (await createTestCa())
    const protocol = options.protocol ?? 'http1'
    const [port = 0, adminPort = 0, between = 0, serverAdminPort = 0] = await freePorts(4)
    const { limits = {}, serverLimits = {}, endpointPort = between } = options
    const server = startProxy(join(directory, 'server.json'), {
      listeners: [
        {
          kind: 'inbound',
          address: `127.0.0.1:${between}`,
          app: `127.0.0.1:${options.originPort}`,
          protocol: options.appProtocol ?? protocol,
          plain: 'refuse',
        },
      ],
      destinations: [],
      identity: writeIdentity(directory, SERVER_ID, await authority.issueFor(SERVER_ID)),
      admin: `127.0.0.1:${serverAdminPort}`,
      limits: { ...limits, ...serverLimits },
    })
    const client = startProxy(
      join(directory, 'client.json'),
      {
        listeners: [{ kind: 'outbound', address: `127.0.0.1:${port}`, destination: 'origin' }],
        destinations: [
          { name: 'origin', protocol, endpoints: [{ address: `127.0.0.1:${endpointPort}`, identity: SERVER_ID }] },
        ],
        identity: writeIdentity(directory, CLIENT_ID, await authority.issueFor(CLIENT_ID)),
        admin: `127.0.0.1:${adminPort}`,
        limits,
      },
      options.descriptors,
    )
    const hops = new TwoHops(directory, [port, adminPort, between, serverAdminPort], [client, server])
    await until('both proxies listen', () => [client, server].every((proxy) => proxy.stdout().includes('"listening"')))
    return hops
  }

  /** Sample of a metric of the client's proxy, or of that of `adminPort`; 0 when it is not there. */
  async metric(name: string, adminPort = this.adminPort): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text()
    const line = text.split('\n').find((candidate) => candidate.startsWith(name))
    return Number(line?.split(' ').at(-1) ?? 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const proxy of [this.client, this.server]) proxy.process.kill('SIGKILL')
    await Promise.all([this.client.ended, this.server.ended])
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

function startProxy(file: string, config: object, descriptors?: number): Started {
  writeFileSync(file, JSON.stringify(config))
  const command = [BUN, PROXY, '--static', file]
  return start(descriptors === undefined ? command : ['prlimit', `--nofile=${descriptors}`, ...command])
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

/** Ports of loopback that were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(createServer())))
  const ports = servers.map(portOf)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
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
