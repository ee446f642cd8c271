import { DECISION_QUERY_LIMITS } from '@heddle/api/decision-query-limits'
import type { DecisionQueryJson, DecisionRecordJson } from '@heddle/api/discovery/decision'
import type { ResponseHead } from '@heddle/http/message'
import { isFailure } from '@heddle/telemetry/ended-request'
import type { Exchange } from '../exchange/exchange.ts'
import type { Filter, Outcome } from '../filters/filter.ts'
import type { Limits } from '../limits.ts'
import { type KeptAs, type RecordOwner, toDecisionRecord } from './decision-record.ts'
import { type KeptRecord, RecordRing } from './record-ring.ts'
import { nameFailure } from './request-id.ts'

/** Of what is neither failed nor slow one in so many is kept, at least one and at most so many a second. */
const SAMPLE_EVERY = 100
const MOST_SAMPLES = 5
/** Of slow ones; more of them raise what counts as slow. */
const MOST_SLOW = 5
const SLOW_STEP = 1.5
const SECOND_US = 1_000_000
const FIRST_SERVER_ERROR = 500
const { defaultRecords, mostRecords } = DECISION_QUERY_LIMITS

/**
 * Keeps what was decided about some of the requests of one workload: all failures, slow ones, and a sample of the rest. Each has room
 * of its own, so that what there is much of does not push out what there is little of.
 *
 * A request that is not kept costs a count and some comparisons; nothing is allocated for it.
 */
export class DecisionRecords implements Filter {
  readonly name = 'decision-records'
  readonly #owner: RecordOwner
  readonly #limits: Limits
  readonly #failures: RecordRing
  /** The slow, and those that were tried again. */
  readonly #notable: RecordRing
  readonly #samples: RecordRing
  #untilSample = SAMPLE_EVERY
  /** Monotonic time at which the next second begins. */
  #dueUs = 0
  /** What counts as slow. */
  #slowUs: number
  /** Within this second. */
  #failureCount = 0
  #slowCount = 0
  #sampleCount = 0

  constructor({ namespace, workload, instance }: RecordOwner, limits: Limits) {
    const { decisionBytes, decisionSlowMs } = limits
    this.#owner = { namespace, workload, instance }
    this.#limits = limits
    this.#failures = new RecordRing(decisionBytes / 2)
    this.#notable = new RecordRing(decisionBytes / 4)
    this.#samples = new RecordRing(decisionBytes / 4)
    this.#slowUs = decisionSlowMs * 1000
  }

  /** Octets that the records take. */
  get bytes(): number {
    return this.#failures.bytes + this.#notable.bytes + this.#samples.bytes
  }

  /** A failed answer gets the request's id, by which its record is found. */
  onResponse(exchange: Exchange): void {
    const response = exchange.response!
    const isFailed = response.status >= FIRST_SERVER_ERROR || (exchange.grpc !== undefined && hasFailedCall(response))
    if (isFailed) nameFailure(exchange, response)
  }

  onEnd(exchange: Exchange, outcome: Outcome): void {
    const { latencyUs } = outcome
    const endedUs = exchange.startedUs + latencyUs
    this.#untilSample -= 1
    if (endedUs >= this.#dueUs) this.#beginSecond(endedUs)
    const isPlain = latencyUs < this.#slowUs && exchange.attemptLog === undefined && !isFailure(outcome)
    if (isPlain && this.#untilSample > 0) return
    const keptAs = this.#mayKeep(exchange, outcome)
    if (keptAs !== undefined && this.#limits.decisionBytes > 0) this.#keep(exchange, outcome, keptAs)
  }

  /** The newest records that fit `query`, newest first. */
  find(query: DecisionQueryJson): readonly DecisionRecordJson[] {
    return this.#list(query).map(({ json }) => JSON.parse(json) as DecisionRecordJson)
  }

  #list({
    requestId = '',
    failuresOnly = false,
    keys = [],
    sinceMs = '0',
    limit = 0,
  }: DecisionQueryJson): KeptRecord[] {
    const rings = failuresOnly ? [this.#failures] : [this.#failures, this.#notable, this.#samples]
    const begin = requestId === '' ? '' : `{"requestId":${JSON.stringify(requestId)},`
    const earliestMs = Number(sinceMs)
    const fits = ({ startedMs, key, json }: KeptRecord) =>
      startedMs >= earliestMs && (keys.length === 0 || keys.includes(key)) && json.startsWith(begin)
    // Of those that began in the same ms, those that ended last come first.
    const found = rings.flatMap((ring) => ring.list().filter(fits).reverse())
    return found.sort((a, b) => b.startedMs - a.startedMs).slice(0, Math.min(limit || defaultRecords, mostRecords))
  }

  /** `undefined`: there were enough of its kind in this second. */
  #mayKeep({ attemptLog, core }: Exchange, outcome: Outcome): KeptAs | undefined {
    const isFailed = isFailure(outcome)
    if (isFailed || attemptLog !== undefined) {
      this.#failureCount += 1
      if (this.#failureCount <= this.#limits.decisionFailures) return isFailed ? 'failure' : 'retried'
      core.limitReached('decisionFailures')
      return undefined
    }
    if (outcome.latencyUs >= this.#slowUs) {
      this.#slowCount += 1
      if (this.#slowCount <= MOST_SLOW) return 'slow'
    }
    if (this.#untilSample > 0) return undefined
    this.#untilSample = SAMPLE_EVERY
    this.#sampleCount += 1
    return this.#sampleCount <= MOST_SAMPLES ? 'sample' : undefined
  }

  #beginSecond(nowUs: number): void {
    const floorUs = this.#limits.decisionSlowMs * 1000
    if (this.#slowCount > MOST_SLOW) this.#slowUs *= SLOW_STEP
    else if (this.#slowCount === 0) this.#slowUs = Math.max(floorUs, this.#slowUs / SLOW_STEP)
    this.#dueUs = nowUs + SECOND_US
    this.#untilSample = 0
    this.#failureCount = 0
    this.#slowCount = 0
    this.#sampleCount = 0
  }

  #keep(exchange: Exchange, outcome: Outcome, keptAs: KeptAs): void {
    const record = toDecisionRecord(exchange, outcome, { owner: this.#owner, keptAs })
    const ring = keptAs === 'failure' ? this.#failures : keptAs === 'sample' ? this.#samples : this.#notable
    ring.push({ startedMs: Number(record.startedMs), key: exchange.hop.name, json: JSON.stringify(record) })
    exchange.core.recorded(keptAs)
  }
}

/** Of an answer that is nothing but its head. */
function hasFailedCall({ fields }: ResponseHead): boolean {
  const status = fields.get('grpc-status')
  return status !== undefined && status !== '0'
}
