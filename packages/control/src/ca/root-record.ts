/**
 * What becomes of the root. `steady`: there is one. `prepared`: everybody learns to trust the next one, the present one's issuer
 * signs. `activated`: the new one's issuer signs, and what the former one's has signed runs out.
 *
 *     steady --rotate--> prepared --activate--> activated --retire--> steady
 */
export type RootStep = 'steady' | 'prepared' | 'activated'

/** A change of the root at one time. */
export interface RootChange {
  readonly step: RootStep
  /** SHA-256 of the root that comes by it, as OpenSSL prints it; empty while nothing is under way. */
  readonly root: string
}

/** How far a change of the root has come; no secret. */
export interface RootRecord extends RootChange {
  /** When the step began, by the wall clock; ms since the Unix epoch. */
  readonly sinceMs: number
  /** How long it has been waited for since, by clocks that do not jump and while somebody ran who counted. */
  readonly waitedMs: number
  /** No certificate of a workload that may be in use lives longer. */
  readonly leafLifeMs: number
}

/** Life of workloads' certificates unless somebody said another. */
export const DEFAULT_LEAF_LIFE_MS = 24 * 3_600_000

/** Replicas that are behind, hosts whose clocks are, and proxies that are slow with a renewal get so long beside the life of a certificate. */
const MOST_TOLERANCE_MS = 3_600_000

/** How long a step has to last: what was signed when it began has run out by then, and who had it has renewed it or is nobody any more. */
export function waitMsOf({ leafLifeMs }: Pick<RootRecord, 'leafLifeMs'>): number {
  return leafLifeMs + Math.min(MOST_TOLERANCE_MS, leafLifeMs / 2)
}

/**
 * How much of a step is left. A clock that is set on ends it no sooner, since the time was not waited for; nor does one that is set back, since
 * what was signed before is good by the time that it said then.
 */
export function remainingMsOf(record: RootRecord, nowMs: number): number {
  const waitMs = waitMsOf(record)
  return Math.max(0, waitMs - record.waitedMs, record.sinceMs + waitMs - nowMs)
}

/**
 * Whether a record tells of the present step. A crash may have left that of another, and a person who exchanged the next root that of one which
 * nobody learns of any more; and what began in the far future was dated by a clock that was wrong, so that nothing which it dated is good now.
 * The step then begins anew.
 */
export function isRecordOf(record: RootRecord, { step, root }: RootChange, nowMs: number): boolean {
  return record.step === step && record.root === root && record.sinceMs - nowMs <= waitMsOf(record)
}

/** A step that begins now. */
export function beginStep(
  { step, root }: RootChange,
  { leafLifeMs }: Pick<RootRecord, 'leafLifeMs'>,
  nowMs: number,
): RootRecord {
  return { step, root, sinceMs: nowMs, waitedMs: 0, leafLifeMs }
}

/** Nothing is under way. */
export const STEADY: RootChange = { step: 'steady', root: '' }

/** `undefined`: what nobody needs to keep. */
export function formatRecord(record: RootRecord): string | undefined {
  const { step, root, leafLifeMs, waitedMs } = record
  if (step === 'steady') {
    return leafLifeMs === DEFAULT_LEAF_LIFE_MS ? undefined : `${JSON.stringify({ step, leafLifeMs })}\n`
  }
  const since = new Date(record.sinceMs).toISOString()
  return `${JSON.stringify({ step, root, since, waitedMs: Math.round(waitedMs), leafLifeMs })}\n`
}

/** Reads what {@link formatRecord} wrote. What is damaged is taken for none, and so the step begins anew. */
export function parseRecord(text: string | undefined): RootRecord {
  const { step, root = '', since, waitedMs, ...rest } = fieldsOf(text)
  const leafLifeMs = isDuration(rest.leafLifeMs) && rest.leafLifeMs > 0 ? rest.leafLifeMs : DEFAULT_LEAF_LIFE_MS
  const sinceMs = typeof since === 'string' ? Date.parse(since) : Number.NaN
  const isStep = (step === 'prepared' || step === 'activated') && typeof root === 'string'
  const isCounted = Number.isFinite(sinceMs) && isDuration(waitedMs)
  return isStep && isCounted ? { step, root, sinceMs, waitedMs, leafLifeMs } : beginStep(STEADY, { leafLifeMs }, 0)
}

function fieldsOf(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
