import type { FaultJson } from '@heddle/api/discovery/route'
import { mix32 } from '../balance/hash.ts'
import { type CompileContext, compileHeaderMatches, type FieldMatch, type MatchContext } from '../route/field-match.ts'
import { MatchMeter } from '../route/match-meter.ts'

/** Faults of one destination or rule, compiled. */
export interface FaultTable {
  readonly faults: readonly CompiledFault[]
  /** Bounds what the expressions of all of them cost a request. */
  readonly meter: MatchMeter
}

/** One fault, with its place in its run. */
export interface CompiledFault {
  /** NAMESPACE/NAME. */
  readonly policy: string
  readonly perMillion: number
  readonly isExact: boolean
  readonly seed: number
  readonly headers: readonly FieldMatch[]
  /** ms since the Unix epoch. */
  readonly untilMs: number
  readonly action: FaultAction
  /** Whether two faults are the same, so that a run goes on when something else changes. */
  readonly fingerprint: string
  readonly run: FaultRun
}

/** What a fault does; of each sort the first fault that applies is used. */
export type FaultAction =
  | { readonly sort: 'delay'; readonly delayMs: number }
  | { readonly sort: 'end'; readonly end: FaultEnd }
  | { readonly sort: 'throttle'; readonly bytesPerSecond: number }
  | { readonly sort: 'truncate'; readonly bodyBytes: number }

/** How a request ends on purpose. */
export type FaultEnd =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'grpc-status'; readonly status: number }
  | { readonly kind: 'reset' }

/** How far a run of requests has come. Changed in place. */
export interface FaultRun {
  /** Requests that matched so far. */
  requests: number
  /** Of an exact share: what is due, in parts of a million. */
  due: number
}

const MILLION = 1_000_000

/**
 * Compiles faults, in their order. A fault that has no action or no end is a problem and left out.
 *
 * @param previous - the table before: a fault that is in both goes on where it was
 */
export function compileFaults(
  faults: readonly FaultJson[],
  previous: Pick<FaultTable, 'faults'> | undefined,
  context: CompileContext,
): FaultTable {
  const known = new Map(previous?.faults.map((fault) => [fault.fingerprint, fault.run]))
  const meter = new MatchMeter()
  return { faults: faults.flatMap((fault) => compileFault(fault, known, { ...context, meter }) ?? []), meter }
}

function compileFault(
  fault: FaultJson,
  known: ReadonlyMap<string, FaultRun>,
  context: MatchContext,
): CompiledFault | undefined {
  const policy = fault.policy ?? ''
  const action = actionOf(fault)
  const untilMs = Number(fault.untilMs ?? 0)
  if (action === undefined) context.onProblem(`the fault of ${policy} does nothing`)
  if (untilMs === 0) context.onProblem(`the fault of ${policy} has no end`)
  if (action === undefined || untilMs === 0) return undefined
  const fingerprint = JSON.stringify(fault)
  const seed = fault.seed ?? 0
  return {
    policy,
    perMillion: fault.perMillion ?? 0,
    isExact: fault.exact ?? false,
    seed,
    headers: compileHeaderMatches(fault.headers, context),
    untilMs,
    action,
    fingerprint,
    run: known.get(fingerprint) ?? { requests: 0, due: mix32(seed) % MILLION },
  }
}

function actionOf(fault: FaultJson): FaultAction | undefined {
  if (fault.delayMs !== undefined) return { sort: 'delay', delayMs: fault.delayMs }
  if (fault.abortStatus !== undefined) return { sort: 'end', end: { kind: 'status', status: fault.abortStatus } }
  if (fault.abortGrpcStatus !== undefined)
    return { sort: 'end', end: { kind: 'grpc-status', status: fault.abortGrpcStatus } }
  if (fault.reset === true) return { sort: 'end', end: { kind: 'reset' } }
  if (fault.throttleBytesPerSecond !== undefined)
    return { sort: 'throttle', bytesPerSecond: fault.throttleBytesPerSecond }
  if (fault.truncateBodyBytes !== undefined) return { sort: 'truncate', bodyBytes: fault.truncateBodyBytes }
  return undefined
}
