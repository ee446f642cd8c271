import { create } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { DECISION_QUERY_LIMITS } from '@heddle/api/decision-query-limits'
import { type DecisionQuery, DecisionQuerySchema, type DecisionRecord } from '@heddle/api/discovery/decision'
import type { Clock, Timer } from '@heddle/base/clock'
import { instanceKey } from '../model/instance.ts'
import type { DiscoveryStream } from './discovery-stream.ts'

/** What proxies answered in time. */
export interface GatheredDecisions {
  /** Newest first. */
  readonly records: readonly DecisionRecord[]
  readonly asked: number
  /** `NAMESPACE/INSTANCE` of those that did not answer in time, sorted. */
  readonly silent: readonly string[]
}

/** What is asked of whom, and for how long. */
export interface DecisionQuestion {
  /** Its `queryId` does not matter; a `limit` of 0: as many as {@link DECISION_QUERY_LIMITS} says. */
  readonly query: DecisionQuery
  readonly streams: readonly DiscoveryStream[]
  readonly waitMs: number
  /** Ends the wait: whoever asked is gone. */
  readonly signal: AbortSignal
}

/** A part of what a proxy answers. */
export interface DecisionAnswer {
  readonly queryId: string
  readonly records: readonly DecisionRecord[]
  readonly hasMore: boolean
}

const { defaultRecords, mostRecords, mostOpen } = DECISION_QUERY_LIMITS

interface OpenQuery {
  readonly limit: number
  /** Who has not answered in full. */
  readonly waitingFor: Set<DiscoveryStream>
  /** Whose stream ended before they had. */
  readonly lost: Set<DiscoveryStream>
  records: DecisionRecord[]
  finish(): void
}

/** Questions to proxies over their streams, and what they answer. */
export class DecisionQueries {
  readonly #clock: Clock
  readonly #open = new Map<string, OpenQuery>()
  #count = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Asks, and resolves when all have answered, the time is over or the signal is aborted.
   *
   * @throws {ConnectError} resourceExhausted: too many questions are open
   */
  async ask({ query, streams, waitMs, signal }: DecisionQuestion): Promise<GatheredDecisions> {
    if (this.#open.size >= mostOpen) {
      throw new ConnectError(`${mostOpen} questions to proxies are open; try again in a moment`, Code.ResourceExhausted)
    }
    const queryId = String(++this.#count)
    const limit = limitOf(query)
    const asked = create(DecisionQuerySchema, { ...query, queryId, limit })
    const finished = Promise.withResolvers<void>()
    const open: OpenQuery = {
      limit,
      waitingFor: new Set(streams),
      lost: new Set(),
      records: [],
      finish: finished.resolve,
    }
    this.#open.set(queryId, open)
    for (const stream of streams) stream.ask(asked)
    const timer = this.#finishLater(open, waitMs, signal)
    if (streams.length > 0) await finished.promise
    timer.cancel()
    signal.removeEventListener('abort', open.finish)
    this.#open.delete(queryId)
    for (const stream of open.waitingFor) stream.withdraw(queryId)
    const silent = [...open.waitingFor, ...open.lost].map(({ node }) => instanceKey(node)).sort()
    return { records: open.records, asked: streams.length, silent }
  }

  /** Takes over what a proxy says. An answer that comes too late, or that nobody asked for, is dropped. */
  answer(stream: DiscoveryStream, { queryId, records, hasMore }: DecisionAnswer): void {
    const open = this.#open.get(queryId)
    if (open === undefined || !open.waitingFor.has(stream)) return
    open.records = newest([...open.records, ...records.map((record) => asOf(stream, record))], open.limit)
    if (!hasMore) settle(open, stream)
  }

  /** The stream has ended: nothing more comes of it. */
  ended(stream: DiscoveryStream): void {
    for (const open of this.#open.values()) {
      if (open.waitingFor.has(stream)) open.lost.add(stream)
      settle(open, stream)
    }
  }

  #finishLater({ finish }: OpenQuery, waitMs: number, signal: AbortSignal): Timer {
    signal.addEventListener('abort', finish, { once: true })
    if (signal.aborted) finish()
    return this.#clock.after(waitMs, finish)
  }
}

function settle({ waitingFor, finish }: OpenQuery, stream: DiscoveryStream): void {
  if (waitingFor.delete(stream) && waitingFor.size === 0) finish()
}

/** A proxy speaks for its own instance only. */
function asOf({ node }: DiscoveryStream, record: DecisionRecord): DecisionRecord {
  record.namespace = node.namespace
  record.workload = node.workload
  record.instance = node.instance
  return record
}

/** How many records are gathered for a question. */
export function limitOf(query: Pick<DecisionQuery, 'limit'> | undefined): number {
  return Math.min(query?.limit || defaultRecords, mostRecords)
}

/** The newest of them, the newest first. */
export function newest(records: readonly DecisionRecord[], limit: number): DecisionRecord[] {
  return records.toSorted((a, b) => Number(b.startedMs - a.startedMs)).slice(0, limit)
}
