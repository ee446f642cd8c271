import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DescService } from '@bufbuild/protobuf'
import { type Client, createClient, type Interceptor } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import { AdminService } from '@heddle/api/admin'
import { DiscoveryService } from '@heddle/api/discovery'
import { IdentityService } from '@heddle/api/identity'
import { systemClock } from '@heddle/base/clock'
import { formatHostPort } from '@heddle/base/host-port'
import { createLog } from '@heddle/base/log'
import { createCsr } from '@heddle/identity/csr'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import { parseControlConfig } from '../src/config/control-config.ts'
import type { Control } from '../src/running-control.ts'
import { startControl } from '../src/start-control.ts'
import type { ClientTls, OpenWatch } from './control-world.ts'
import { nodeOf, TRUST_DOMAIN } from './discovery-world.ts'
import { TestApiServer } from './test-api-server.ts'

/** One control plane of several. */
export interface Replica {
  readonly name: string
  readonly control: Control
  readonly logged: string[]
  readonly url: string
}

/** Replicas of a control plane in this process, and the API server that they share. */
export class ReplicaWorld implements AsyncDisposable {
  readonly api = new TestApiServer()
  readonly #dir: string
  readonly #running = new Set<Replica>()
  #count = 0

  constructor(dir: string) {
    this.#dir = dir
  }

  /** Starts one more, on a loopback address of its own; the others hear of it as they would by its Service. */
  async start(...flags: readonly string[]): Promise<Replica> {
    this.#count += 1
    const name = `heddle-control-${this.#count}`
    const logged: string[] = []
    const args = `--kubernetes --replica ${name} --listen 127.0.0.${this.#count}:0 --webhook-listen 127.0.0.1:0`
    const config = parseControlConfig([...args.split(' '), '--state', join(this.#dir, name), ...flags])
    const cluster = { client: this.api, reviews: this.api, admissions: this.api, close: () => {} }
    const log = createLog((line) => logged.push(line), 'info')
    const control = await startControl(config, { clock: systemClock, log, cluster, leaveMs: 0 })
    const replica = { name, control, logged, url: `https://${formatHostPort(control.addresses[0]!)}` }
    this.#running.add(replica)
    this.api.put(endpointsOf(replica))
    return replica
  }

  /** As when its pod is deleted. */
  async stop(replica: Replica): Promise<void> {
    this.api.remove(endpointsOf(replica))
    this.#running.delete(replica)
    await replica.control.stop()
  }

  /** Puts a pod with a proxy into namespace `shop`, whose instance is {@link nodeOf} of the same arguments. */
  addPod(workload: string, { index = 0, node }: PodPlace = {}): void {
    const { instance, labels, ports } = nodeOf(workload, index)
    this.api.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'shop', name: instance, labels, annotations: { 'heddle.dev/status': '{}' } },
      spec: {
        serviceAccountName: workload,
        containers: [{ name: 'app' }, { name: 'heddle-proxy' }],
        ...(node !== undefined && { nodeName: node }),
      },
      status: {
        phase: 'Running',
        podIPs: [{ ip: ports[0]!.address }],
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    })
  }

  addService(name: string, more: object = {}): void {
    const spec = {
      ...more,
      selector: { app: name },
      clusterIP: '10.96.0.10',
      ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }],
    }
    this.api.put({ apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'shop', name }, spec })
  }

  async client<T extends DescService>(replica: Replica, service: T, options: ReplicaClient = {}): Promise<Client<T>> {
    const { tls, token } = options
    const addToken: Interceptor = (next) => (request) => {
      if (token !== undefined) request.header.set('authorization', `Bearer ${token}`)
      return next(request)
    }
    const ca = await readFile(replica.control.trustBundleFile, 'utf8')
    const nodeOptions = { ca, ...(tls && { cert: tls.certificateChainPem, key: tls.privateKeyPem }) }
    const common = { baseUrl: replica.url, interceptors: [addToken], useBinaryFormat: false }
    return createClient(service, createConnectTransport({ ...common, httpVersion: '2', nodeOptions }))
  }

  admin(replica: Replica, account = 'heddle-viewer'): Promise<Client<typeof AdminService>> {
    const token = this.api.token('heddle', account, 'heddle.dev/admin')
    return this.client(replica, AdminService, { token })
  }

  /** What a pod of namespace `shop` gets for a token of its service account. */
  async certificate(replica: Replica, account: string, proof: PodProof = {}): Promise<ClientTls> {
    const { privateKey, privateKeyPem } = await createWorkloadKey()
    const { spiffeId = `spiffe://${TRUST_DOMAIN}/ns/shop/sa/${account}`, tls } = proof
    const token = proof.token ?? this.api.token('shop', account, 'heddle.dev/identity')
    const identity = await this.client(replica, IdentityService, tls === undefined ? {} : { tls })
    const signed = await identity.sign({ csr: createCsr(privateKey, spiffeId), serviceAccountToken: token })
    return { certificateChainPem: signed.certificateChainPem, privateKeyPem }
  }

  /** Opens the stream of a pod at one replica, by a certificate of another where one is named. */
  async watch(replica: Replica, workload: string, options: WatchOptions = {}): Promise<OpenWatch> {
    const { index = 0, keys = [], signer = replica } = options
    const tls = await this.certificate(signer, workload)
    const discovery = await this.client(replica, DiscoveryService, { tls })
    const ended = new AbortController()
    const subscriptions = keys.map((key) => ({ key, version: '' }))
    const request = { node: nodeOf(workload, index), subscriptions, healthy: true }
    const messages = discovery.watch(request, { signal: ended.signal })
    return { tls, discovery, messages: messages[Symbol.asyncIterator](), end: () => ended.abort() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const replica of [...this.#running]) await this.stop(replica)
    await rm(this.#dir, { recursive: true, force: true })
  }
}

/** Which pod of a workload, and the name of its Node; absent: it has none yet. */
export interface PodPlace {
  readonly index?: number
  readonly node?: string
}

export interface ReplicaClient {
  readonly tls?: ClientTls
  readonly token?: string
}

export interface PodProof {
  readonly spiffeId?: string
  readonly token?: string
  /** Of the connection. */
  readonly tls?: ClientTls
}

export interface WatchOptions {
  readonly index?: number
  readonly keys?: readonly string[]
  readonly signer?: Replica
}

export async function createReplicaWorld(): Promise<ReplicaWorld> {
  return new ReplicaWorld(await mkdtemp(join(tmpdir(), 'heddle-replicas-')))
}

function endpointsOf({ name, control }: Replica) {
  const { host, port } = control.addresses[0]!
  const labels = { 'kubernetes.io/service-name': 'heddle-control' }
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'heddle', name, labels },
    addressType: 'IPv4',
    ports: [{ name: 'api', port, protocol: 'TCP' }],
    endpoints: [{ addresses: [host], conditions: { ready: true, serving: true }, targetRef: { kind: 'Pod', name } }],
  }
}
