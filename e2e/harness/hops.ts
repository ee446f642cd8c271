import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createTestCa, type TestCa, type TestIdentity } from '@heddle/testkit/test-ca'
import { PortPicker } from '../../packages/cli/src/process/free-port.ts'
import { type Started, start } from './process.ts'
import { until } from './until.ts'

const REPOSITORY = resolve(import.meta.dirname, '../..')
const BUN = join(REPOSITORY, 'node_modules/.bin/bun')
const PROXY = join(REPOSITORY, 'packages/proxy/src/main.ts')
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

/** Where a proxy says that it listens. */
interface Listening {
  readonly inbound: readonly string[]
  readonly outbound: readonly { readonly address: string }[]
  readonly admin: string
}

interface RunningProxy {
  readonly proxy: Started
  /** Of its only listener. */
  readonly port: number
  readonly adminPort: number
}

/** Starts a proxy and waits until it listens. */
async function startProxy(file: string, config: object, descriptors?: number): Promise<RunningProxy> {
  writeFileSync(file, JSON.stringify(config))
  const command = [BUN, PROXY, '--static', file]
  const proxy = start(descriptors === undefined ? command : ['prlimit', `--nofile=${descriptors}`, ...command])
  const { inbound, outbound, admin } = await until('the proxy listens', () => listeningOf(proxy))
  const [address = ''] = [...inbound, ...outbound.map((listener) => listener.address)]
  return { proxy, port: portIn(address), adminPort: portIn(admin) }
}

/** @returns `undefined` as long as it has not said so; @throws {Error} when it has ended instead */
function listeningOf({ process: { exitCode }, stdout, stderr }: Started): Listening | undefined {
  if (exitCode !== null) throw new Error(`the proxy ended with status ${exitCode}\n${stderr()}`)
  const line = /^.*"listening".*(?=\n)/m.exec(stdout())?.[0]
  return line === undefined ? undefined : (JSON.parse(line) as Listening)
}

function portIn(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
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

/** A port of loopback for a program that has to be told one. */
export function freePort(): Promise<number> {
  return new PortPicker().pick()
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
