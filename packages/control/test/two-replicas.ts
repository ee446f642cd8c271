import type { Client } from '@connectrpc/connect'
import type { AdminService } from '@heddle/api/admin'
import { TelemetryService } from '@heddle/api/telemetry'
import { afterEach, beforeEach, vi } from 'vitest'
import { nextUpdate, type OpenWatch } from './control-world.ts'
import { createReplicaWorld, type Replica, type ReplicaWorld } from './replica-world.ts'

/** How long a test waits for what replicas do by themselves. */
export const LIMIT = { timeout: 60_000 }

/** Two replicas, which know the pods `web-0` and `cart-0` and the Service `cart`. */
export class TwoReplicas implements AsyncDisposable {
  readonly world: ReplicaWorld
  readonly one: Replica
  readonly other: Replica
  /** Only the first message of a stream has its id. */
  readonly #streamIds = new WeakMap<OpenWatch, string>()

  constructor(world: ReplicaWorld, one: Replica, other: Replica) {
    this.world = world
    this.one = one
    this.other = other
  }

  /** Asks each until `check` is content: of the other one each waits for a moment only, and a busy machine takes longer. */
  async untilEachSays(check: (admin: Client<typeof AdminService>) => Promise<void>): Promise<void> {
    for (const replica of [this.one, this.other]) {
      const admin = await this.world.admin(replica)
      await vi.waitFor(() => check(admin), LIMIT)
    }
  }

  /** Takes the next message of a stream, and says that the proxy has applied it. */
  async acknowledge(watch: OpenWatch): Promise<void> {
    const { streamId, sequence } = await nextUpdate(watch)
    if (streamId !== '') this.#streamIds.set(watch, streamId)
    await watch.discovery.acknowledge({ streamId: this.#streamIds.get(watch)!, sequence })
  }

  /** Sends a report of requests from the proxy of `web-0` to `cart-0`. */
  async report(replica: Replica, watch: OpenWatch, { sequence = 1n, requests = 10n } = {}): Promise<void> {
    const telemetry = await this.world.client(replica, TelemetryService, { tls: watch.tls })
    const peer = {
      peerNamespace: 'shop',
      peerWorkload: 'cart',
      peerInstance: 'cart-0',
      security: 'mtls',
      protocol: 'http2',
    }
    const service = { serviceNamespace: 'shop', service: 'cart', port: 80, direction: 2 }
    const peerIdentity = 'spiffe://heddle.local/ns/shop/sa/cart'
    const counts = { requestsSuccess: requests, latency: [{ index: 40, count: requests }], connectionsOpen: 1n }
    const identity = 'spiffe://heddle.local/ns/shop/sa/web'
    await telemetry.report({
      ...{ namespace: 'shop', workload: 'web', instance: 'web-0', epoch: 'e', sequence, intervalMs: 2_000 },
      certificate: { identity, serial: `serial-${sequence}`, notAfterMs: 7n },
      series: [{ ...peer, ...service, peerIdentity, ...counts }],
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]()
  }
}

/** Starts both before each test of a file, which takes of them what it uses, and ends them after it. */
export function beforeEachTwoReplicas(take: (two: TwoReplicas) => void): void {
  let two: TwoReplicas
  beforeEach(async () => {
    two = await startTwoReplicas()
    take(two)
  })
  afterEach(() => two[Symbol.asyncDispose]())
}

async function startTwoReplicas(): Promise<TwoReplicas> {
  await using stack = new AsyncDisposableStack()
  const world = stack.use(await createReplicaWorld())
  for (const workload of ['web', 'cart']) world.addPod(workload)
  world.addService('cart')
  const two = new TwoReplicas(world, await world.start(), await world.start())
  stack.move()
  return two
}
