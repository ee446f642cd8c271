import { createPublicKey } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DescService } from '@bufbuild/protobuf'
import { type Client, createClient, type Interceptor } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import { AdminService } from '@heddle/api/admin'
import { DiscoveryService, type Node, type WatchResponse } from '@heddle/api/discovery'
import { IdentityService } from '@heddle/api/identity'
import { TelemetryService } from '@heddle/api/telemetry'
import { type Clock, systemClock } from '@heddle/base/clock'
import { formatHostPort } from '@heddle/base/host-port'
import { createLog } from '@heddle/base/log'
import { messageOf } from '@heddle/base/message-of'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import { directoryStore } from '../src/ca/authority-store.ts'
import { openCertificateAuthority } from '../src/ca/certificate-authority.ts'
import { parseControlConfig } from '../src/config/control-config.ts'
import type { Control } from '../src/running-control.ts'
import { startControl } from '../src/start-control.ts'
import { TRUST_DOMAIN } from './discovery-world.ts'
import { TestSource } from './mesh-objects.ts'

/** A certificate and key to connect with. */
export interface ClientTls {
  readonly certificateChainPem: string
  readonly privateKeyPem: string
}

/** A control plane of this process, with real TLS, that can be stopped and started again on the same state. */
export class ControlWorld implements AsyncDisposable {
  readonly dir: string
  readonly source: TestSource
  readonly logged: string[] = []
  readonly #yaml: string
  #control: Control | undefined
  #port = 0

  constructor(dir: string, yaml: string) {
    this.dir = dir
    this.#yaml = yaml
    this.source = new TestSource(yaml)
  }

  get control(): Control {
    if (this.#control === undefined) throw new Error('not running')
    return this.#control
  }

  get stateDir(): string {
    return join(this.dir, 'state')
  }

  /** Starts it, the second time on the port of the first. */
  async start(...flags: readonly string[]): Promise<Control> {
    const listen = ['--listen', `127.0.0.1:${this.#port}`]
    const dirs = ['--config', this.dir, '--state', this.stateDir]
    const config = parseControlConfig([...dirs, ...listen, ...flags])
    const log = createLog((line) => this.logged.push(line), 'info')
    const source = this.#port === 0 ? this.source : new TestSource(this.#yaml)
    try {
      this.#control = await startControl(config, { clock: systemClock, log, source })
    } catch (error) {
      // The port of before: the kernel may have given it to another test, for as long as that goes.
      if (this.#port === 0 || !messageOf(error).includes(`cannot listen on 127.0.0.1:${this.#port}`)) throw error
      await systemClock.sleep(50)
      return await this.start(...flags)
    }
    this.#port = this.#control.addresses[0]!.port
    return this.#control
  }

  /** Starts it on a directory of files instead of the objects of the test. */
  async startOnDirectory(config: string): Promise<Control> {
    const flags = ['--config', config, '--state', this.stateDir, '--listen', '127.0.0.1:0']
    const log = createLog((line) => this.logged.push(line), 'info')
    this.#control = await startControl(parseControlConfig(flags), { clock: systemClock, log })
    return this.#control
  }

  async stop(): Promise<void> {
    await this.#control?.stop()
    this.#control = undefined
  }

  get url(): string {
    return `https://${formatHostPort(this.control.addresses[0]!)}`
  }

  /** A client of any service, with or without certificate, over either version of HTTP. */
  async client<T extends DescService>(service: T, options: ClientOptions = {}): Promise<Client<T>> {
    const { tls, httpVersion = '1.1', headers = {} } = options
    const addHeaders: Interceptor = (next) => (request) => {
      for (const [name, value] of Object.entries(headers)) request.header.set(name, value)
      return next(request)
    }
    const ca = await readFile(this.control.trustBundleFile, 'utf8')
    const identity = tls === undefined ? {} : { cert: tls.certificateChainPem, key: tls.privateKeyPem }
    const common = { baseUrl: this.url, interceptors: [addHeaders], useBinaryFormat: false }
    const nodeOptions = { ca, ...identity }
    return createClient(service, createConnectTransport({ ...common, httpVersion, nodeOptions }))
  }

  async admin(options: ClientOptions = {}): Promise<Client<typeof AdminService>> {
    const token = (await readFile(this.control.adminTokenFile, 'utf8')).trim()
    return this.client(AdminService, { ...options, headers: { authorization: `Bearer ${token}` } })
  }

  discovery(tls?: ClientTls): Promise<Client<typeof DiscoveryService>> {
    return this.client(DiscoveryService, tls === undefined ? {} : { tls })
  }

  telemetry(tls?: ClientTls): Promise<Client<typeof TelemetryService>> {
    return this.client(TelemetryService, tls === undefined ? {} : { tls })
  }

  identity(tls?: ClientTls): Promise<Client<typeof IdentityService>> {
    return this.client(IdentityService, tls === undefined ? {} : { tls })
  }

  /** A certificate of this control plane's own authority; with a clock in the past one that has expired. */
  async certificate(namespace: string, serviceAccount: string, clock: Clock = systemClock): Promise<ClientTls> {
    const log = createLog(() => undefined, 'off')
    const ca = await openCertificateAuthority({
      store: directoryStore(join(this.stateDir, 'ca')),
      trustDomain: TRUST_DOMAIN,
      clock,
      log,
    })
    const { privateKey, privateKeyPem } = await createWorkloadKey()
    const publicKeyDer = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
    const spiffeId = `spiffe://${TRUST_DOMAIN}/ns/${namespace}/sa/${serviceAccount}`
    const { chainPem } = await ca.sign({ publicKeyDer, spiffeId })
    return { certificateChainPem: chainPem, privateKeyPem }
  }

  /** Opens the stream of a node with the rightful certificate. */
  async watch(node: Node, subscriptions: Readonly<Record<string, string>> = {}): Promise<OpenWatch> {
    const tls = await this.certificate(node.namespace, node.serviceAccount)
    const discovery = await this.discovery(tls)
    const ended = new AbortController()
    const held = Object.entries(subscriptions).map(([key, version]) => ({ key, version }))
    const messages = discovery.watch({ node, subscriptions: held, healthy: true }, { signal: ended.signal })
    return { tls, discovery, messages: messages[Symbol.asyncIterator](), end: () => ended.abort() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await rm(this.dir, { recursive: true, force: true })
  }
}

export interface ClientOptions {
  readonly tls?: ClientTls
  readonly httpVersion?: '1.1' | '2'
  readonly headers?: Readonly<Record<string, string>>
}

/** A stream as its client sees it. */
export interface OpenWatch {
  readonly tls: ClientTls
  readonly discovery: Client<typeof DiscoveryService>
  readonly messages: AsyncIterator<WatchResponse>
  end(): void
}

/** A world whose control plane is not started yet. */
export async function createControlWorld(yaml: string): Promise<ControlWorld> {
  return new ControlWorld(await mkdtemp(join(tmpdir(), 'heddle-control-')), yaml)
}

/** The next message of a stream that says something. */
export async function nextUpdate({ messages }: OpenWatch): Promise<WatchResponse> {
  for (;;) {
    const { value, done } = await messages.next()
    if (done === true) throw new Error('the stream has ended')
    if (value.sequence > 0n) return value
  }
}
