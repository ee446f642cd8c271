import type { JsonObject } from '@bufbuild/protobuf'
import type { PairWeights } from './weighted-route.ts'

/** Where a route says what a rollout does with it. */
export const ROLLOUT_ANNOTATION = 'heddle.dev/rollout'

/** What the annotation holds, as JSON. */
export interface RolloutState {
  readonly state: 'running' | 'done' | 'went-back' | 'aborted' | 'stopped'
  /** Services, as NAME.NAMESPACE. */
  readonly from: string
  readonly to: string
  /** Percent. */
  readonly steps: readonly number[]
  /** The step at which it is, or was at last; 0: none yet. */
  readonly step: number
  /** What to go back to. */
  readonly before: PairWeights
  readonly startedMs: number
  readonly changedMs: number
  /** Why it is as it is. */
  readonly reason: string
}

/** The state that a route carries; `undefined`: none, or none that this version can read. */
export function readRolloutState(manifest: JsonObject | undefined): RolloutState | undefined {
  const { metadata } = (manifest ?? {}) as {
    readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> }
  }
  const text = metadata?.annotations?.[ROLLOUT_ANNOTATION]
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isState(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isState(value: unknown): value is RolloutState {
  if (typeof value !== 'object' || value === null) return false
  const { state, from, to, steps, before } = value as Partial<Record<keyof RolloutState, unknown>>
  const { from: old, to: now } = (before ?? {}) as Partial<Record<keyof PairWeights, unknown>>
  const hasTexts = [state, from, to].every((text) => typeof text === 'string')
  return hasTexts && Array.isArray(steps) && [old, now].every((weight) => Number.isSafeInteger(weight))
}
