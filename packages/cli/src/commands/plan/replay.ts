import { formatNameKey } from '@heddle/api/destination-key'
import type { DecisionRecord } from '@heddle/api/discovery/decision'
import { decideRoute } from '@heddle/engine/route/decide'
import { explainRoute } from '@heddle/engine/route/explain'
import { fingerprintDecision } from '@heddle/engine/route/fingerprint'
import { describeDecision } from '../routing/describe-decision.ts'
import type { DestinationRouting } from '../routing/destination-routing.ts'
import { isHiddenFrom, recordedFacts } from '../routing/recorded-request.ts'

/** What a change would make of recorded requests. */
export interface Replay {
  /** Requests that were decided about twice. */
  readonly requests: number
  readonly otherwise: number
  /** Those about which nobody can tell, because a rule asks for a header that the record hides. */
  readonly uncertain: number
  /** Those that would be answered otherwise, by how; the most frequent first. */
  readonly groups: readonly ReplayGroup[]
}

/** Requests of which the same would become. */
export interface ReplayGroup {
  /** What becomes of them, one sentence without its subject. */
  readonly before: string
  readonly after: string
  readonly count: number
  /** The newest one. */
  readonly example: DecisionRecord
}

/** A record, and what is and would be in force for whoever sent it. */
export interface ReplayedRecord {
  readonly record: DecisionRecord
  readonly before: DestinationRouting
  readonly after: DestinationRouting
}

/** Decides about each request by both tables, as the proxy would, and compares. */
export function replay(records: readonly ReplayedRecord[], nowMs: number): Replay {
  const groups = new Map<string, ReplayGroup>()
  let otherwise = 0
  let uncertain = 0
  for (const one of records) {
    const outcome = replayOne(one, nowMs)
    if (outcome === 'uncertain') uncertain += 1
    if (typeof outcome === 'string') continue
    otherwise += 1
    const key = JSON.stringify(outcome)
    const known = groups.get(key)
    groups.set(
      key,
      known === undefined ? { ...outcome, count: 1, example: one.record } : { ...known, count: known.count + 1 },
    )
  }
  const sorted = [...groups.values()].sort((a, b) => b.count - a.count)
  return { requests: records.length, otherwise, uncertain, groups: sorted }
}

type Outcome = 'same' | 'uncertain' | { readonly before: string; readonly after: string }

function replayOne({ record, before, after }: ReplayedRecord, nowMs: number): Outcome {
  const [old, now] = [decide(before, record, nowMs), decide(after, record, nowMs)]
  if (old === undefined || now === undefined) return 'uncertain'
  if (old.fingerprint === now.fingerprint) return 'same'
  if (old.sentence !== now.sentence) return { before: old.sentence, after: now.sentence }
  return { before: withEffects(old), after: withEffects(now) }
}

interface Decided {
  readonly fingerprint: string
  readonly sentence: string
  /** What is done beside; asked for only where it makes the difference, because explaining asks every rule. */
  effects(): readonly string[]
}

/** `undefined`: that cannot be told. */
function decide(routing: DestinationRouting, record: DecisionRecord, nowMs: number): Decided | undefined {
  if (routing.kind === 'elsewhere')
    return { fingerprint: routing.sentence, sentence: routing.sentence, effects: () => [] }
  if (routing.kind !== 'requests' || isHiddenFrom(routing.table, record)) return undefined
  const { table, service } = routing
  const { namespace = '', name = '', port = 0 } = service
  const facts = recordedFacts(record)
  // What is drawn does not matter: a fingerprint has the shares.
  const context = { random: () => 0.5, nowMs: () => nowMs }
  const decision = decideRoute(table, facts, context)
  return {
    fingerprint: fingerprintDecision(decision, formatNameKey({ namespace, name }, port)),
    sentence: describeDecision(decision, facts),
    effects: () => explainRoute(table, facts, context).explanation.effects,
  }
}

function withEffects({ sentence, effects }: Decided): string {
  return [sentence, ...effects()].join(', ')
}
