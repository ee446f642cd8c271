import { GRPC_STATUS_NAMES } from '@heddle/api/grpc-status'
import { mix32 } from '../balance/hash.ts'
import { findHeaderMismatch } from '../route/field-match.ts'
import { MAX_MATCH_STEPS } from '../route/match-meter.ts'
import type { RequestFacts } from '../route/request-facts.ts'
import type { CompiledFault, FaultEnd, FaultTable } from './fault-table.ts'

/** What is made to go wrong with one request. All that is set is done. */
export interface FaultDecision {
  /** Wait before the request goes on; 0: no. */
  readonly delayMs: number
  /** What is done in place of sending it, after the wait. */
  readonly end: FaultEnd | undefined
  /** Bytes of the answer's body per second; 0: as it comes. */
  readonly throttleBytesPerSecond: number
  /** The answer is broken off behind so many bytes of its body; `undefined`: it is not. */
  readonly truncateBodyBytes: number | undefined
  /** NAMESPACE/NAME of each policy that has a part in it, once. */
  readonly policies: readonly string[]
  /** One sentence for each fault. */
  readonly reasons: readonly string[]
}

const MILLION = 1_000_000
/** Draws of chance are numbers from 0 to below this. */
const DRAWS = 2 ** 32
/** An odd number near 2^32 divided by the golden ratio: steps of it lie far apart. */
const STEP = 0x9e37_79b9

/**
 * Decides what to make go wrong. Each request that matches a fault takes that fault's run one further, whether it is hit or not, so the
 * same requests in the same order get the same faults; of each sort the first fault that hits is used.
 *
 * @param nowMs - ms since the Unix epoch
 * @returns `undefined`: nothing, as mostly
 */
export function decideFault(table: FaultTable, request: RequestFacts, nowMs: number): FaultDecision | undefined {
  let hits: CompiledFault[] | undefined
  // Where headers are too long for the expressions of all faults, the rest of them hit nothing.
  table.meter.begin(MAX_MATCH_STEPS)
  for (const fault of table.faults) {
    if (nowMs >= fault.untilMs || findHeaderMismatch(fault.headers, request) !== -1) continue
    if (!takeTurn(fault)) continue
    hits ??= []
    if (!hits.some(({ action }) => action.sort === fault.action.sort)) hits.push(fault)
  }
  return hits === undefined ? undefined : toDecision(hits)
}

/** Whether the fault hits the next request of its run. */
function takeTurn({ run, perMillion, isExact, seed }: CompiledFault): boolean {
  run.requests += 1
  if (!isExact) return mix32(mix32(seed + STEP) + Math.imul(run.requests, STEP)) < (perMillion / MILLION) * DRAWS
  // As a line is drawn on a grid: of any n requests in a row n times the share are hit, rounded up or down.
  run.due += perMillion
  if (run.due < MILLION) return false
  run.due -= MILLION
  return true
}

function toDecision(hits: readonly CompiledFault[]): FaultDecision {
  let [delayMs, throttleBytesPerSecond] = [0, 0]
  let end: FaultEnd | undefined
  let truncateBodyBytes: number | undefined
  for (const { action } of hits) {
    if (action.sort === 'delay') delayMs = action.delayMs
    else if (action.sort === 'end') end = action.end
    else if (action.sort === 'throttle') throttleBytesPerSecond = action.bytesPerSecond
    else truncateBodyBytes = action.bodyBytes
  }
  const policies = [...new Set(hits.map(({ policy }) => policy))]
  return { delayMs, end, throttleBytesPerSecond, truncateBodyBytes, policies, reasons: hits.map(describe) }
}

function describe(fault: CompiledFault): string {
  const { policy, perMillion, isExact, run } = fault
  const share = `${perMillion / 10_000} % of the requests${isExact ? ', exactly' : ''}`
  return `${describeAction(fault)}: FaultPolicy ${policy}, request ${run.requests} of its run (${share})`
}

function describeAction({ action }: CompiledFault): string {
  switch (action.sort) {
    case 'delay':
      return `held for ${action.delayMs} ms`
    case 'end':
      return describeEnd(action.end)
    case 'throttle':
      return `answer slowed down to ${action.bytesPerSecond} bytes a second`
    case 'truncate':
      return `answer broken off behind ${action.bodyBytes} bytes`
  }
}

function describeEnd(end: FaultEnd): string {
  switch (end.kind) {
    case 'status':
      return `answered ${end.status}`
    case 'grpc-status':
      return `answered with status ${GRPC_STATUS_NAMES[end.status] ?? 'unknown'} (${end.status}) of gRPC`
    case 'reset':
      return 'broken off'
  }
}
