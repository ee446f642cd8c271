import { create } from '@bufbuild/protobuf'
import { type Node, NodeSchema, SubscriptionSchema, type WatchResponse } from '@heddle/api/discovery'
import { createLog } from '@heddle/base/log'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { DiscoveryHub, type DiscoveryLimits } from '../src/discovery/discovery-hub.ts'
import type { DiscoveryStream } from '../src/discovery/discovery-stream.ts'
import { InstanceClaims } from '../src/discovery/instance-claims.ts'
import type { StreamCaller } from '../src/discovery/stream-table.ts'
import { createModel } from '../src/model/model.ts'
import { parseObjects } from './mesh-objects.ts'

export const TRUST_DOMAIN = 'heddle.local'

/** Instance `WORKLOAD-INDEX` at an address of its own. */
export function nodeOf(workload: string, index = 0): Node {
  const address = `10.1.${workload.charCodeAt(0)}.${index + 1}`
  return create(NodeSchema, {
    namespace: 'shop',
    workload,
    instance: `${workload}-${index}`,
    serviceAccount: workload,
    labels: { app: workload },
    ports: [{ name: 'http', port: 8080, address, addressPort: 8080 }],
    proxyVersion: '0.1.0',
    mode: 'transparent',
  })
}

/** The rightful caller for a node. */
export function callerFor({ namespace, serviceAccount }: Node): StreamCaller & { readonly cuts: number } {
  return {
    spiffeId: `spiffe://${TRUST_DOMAIN}/ns/${namespace}/sa/${serviceAccount}`,
    namespace,
    serviceAccount,
    notAfterMs: Number.MAX_SAFE_INTEGER,
    cuts: 0,
    cut() {
      Object.assign(this, { cuts: this.cuts + 1 })
    },
  }
}

/** What differs between worlds. */
interface WorldOptions {
  readonly limits?: Partial<DiscoveryLimits>
  readonly instancesFrom?: 'registrations' | 'source'
}

/** A hub with a real model and a clock that is turned by hand. */
export function discoveryWorld(yaml: string, { limits, instancesFrom = 'registrations' }: WorldOptions = {}) {
  const clock = new ManualClock()
  const ended = new AbortController()
  const model = createModel({ clock, graceMs: 3_000, instancesFrom, signal: ended.signal })
  model.applyObjects({ upserted: parseObjects(yaml), removed: [] })
  let bundle = 'BUNDLE 1'
  const log = createLog(() => undefined, 'off')
  const options = {
    model,
    clock,
    log,
    trustDomain: TRUST_DOMAIN,
    trustBundle: () => bundle,
    claims: new InstanceClaims(clock),
  }
  const hub = new DiscoveryHub(limits === undefined ? options : { ...options, limits }, ended.signal)
  const open = (node: Node, subscriptions: Readonly<Record<string, string>> = {}) => {
    const held = Object.entries(subscriptions).map(([key, version]) => create(SubscriptionSchema, { key, version }))
    return hub.open({ node, subscriptions: held, healthy: true }, callerFor(node))
  }
  const setBundle = (text: string) => {
    bundle = text
    hub.trustChanged()
  }
  return { clock, model, hub, open, setBundle, end: () => ended.abort() }
}

/** Reads messages of a stream as its proxy would: the next only when the one before was taken. */
export class StreamReader {
  readonly stream: DiscoveryStream
  readonly #messages: AsyncGenerator<WatchResponse, void>
  readonly #clock: ManualClock
  #waiting: Promise<IteratorResult<WatchResponse, void>> | undefined

  constructor(stream: DiscoveryStream, clock: ManualClock) {
    this.stream = stream
    this.#messages = stream.messages()
    this.#clock = clock
  }

  /** The message that is due when `afterMs` have passed; `undefined` when there is none. */
  async next(afterMs = 0): Promise<WatchResponse | 'end' | undefined> {
    this.#waiting ??= this.#messages.next()
    await this.#clock.advanceAsync(afterMs)
    const read = this.#waiting.then((result) => result)
    const result = await Promise.race([read, settled()])
    if (result === undefined) return undefined
    this.#waiting = undefined
    return result.done === true ? 'end' : result.value
  }

  /** As {@link next}, where there must be a message. */
  async message(afterMs = 0): Promise<WatchResponse> {
    const message = await this.next(afterMs)
    if (message === undefined || message === 'end') throw new Error(`expected a message, got ${message}`)
    return message
  }
}

/** What a message says of its updates, in short: `KEY whole=ADDRESSES` or `KEY delta +IDS -IDS`. */
export function summarize({ updates }: WatchResponse): string[] {
  return updates.map(({ key, change }) => {
    if (change.case === 'delta') {
      const { upsertedEndpoints, removedEndpointIds } = change.value
      return `${key} delta +${upsertedEndpoints.map(({ id }) => id)} -${removedEndpointIds}`
    }
    const target = change.value?.target
    const ids = target?.case === 'service' ? target.value.endpoints.map(({ id }) => id).join() : target?.case
    return `${key} whole=${ids}`
  })
}

/** The version of the only update of a message. */
export function versionIn({ updates }: WatchResponse): string {
  return updates[0]?.change.value?.version ?? ''
}

async function settled(): Promise<undefined> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
  return undefined
}
