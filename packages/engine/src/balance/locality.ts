import type { LocalityPolicyJson } from '@heddle/api/discovery/policy'
import type { Candidate } from './candidate.ts'

/** Where somebody is; empty: not known. */
export interface Locality {
  readonly region: string
  readonly zone: string
}

/** How near endpoints are to their client. */
export type NearLevel = 'zone' | 'region' | 'rest'

/** What one level of locality could take. */
export interface LevelCapacity {
  /** Weight of all of its endpoints. */
  readonly total: number
  /** Weight of the usable ones. */
  readonly usable: number
}

/** When traffic leaves a level; shares from 0 to 1. */
export interface LocalityThresholds {
  /** Below that usable share of a level the next one gets part of its traffic. */
  readonly failoverBelow: number
  /** Below that usable share of all endpoints being ejected does not count; above 1: never, 0 as well. */
  readonly panicBelow: number
}

/** How traffic is divided among levels. */
export interface LocalityShares {
  /** 0 to 1 for each level; all add up to 1, unless there is no endpoint. */
  readonly shares: readonly number[]
  readonly isPanic: boolean
}

const DEFAULT_FAILOVER_PERCENT = 70
const DEFAULT_PANIC_PERCENT = 50
const NEVER_PANIC_PERCENT = 101

/**
 * Divides traffic among levels, the nearest first. Envoy's priority levels follow the same formula:
 *
 * ```
 * capacity(level) = min(1, usable(level) / total(level) / failoverBelow)
 * enough          = the capacities of all levels add up to 1 or more
 * share(level)    = min(capacity(level), what the nearer levels leave of 1)        enough
 *                 = capacity(level) / sum of all capacities                        not enough
 *                 = total(level) / sum of all totals                               panic: not enough, and
 *                                                    sum of usable / sum of totals < panicBelow
 * ```
 *
 * So with `failoverBelow` of 0.7 a level of 10 equal endpoints takes everything with 7 of them usable; with 6 it takes 6/7,
 * 85.7 %, and the next one the rest. A level without endpoints has no capacity. Where nothing is usable at all, the totals count.
 */
export function localityShares(levels: readonly LevelCapacity[], thresholds: LocalityThresholds): LocalityShares {
  const capacities = levels.map(({ total, usable }) =>
    total === 0 ? 0 : Math.min(1, usable / total / thresholds.failoverBelow),
  )
  const capacity = sumOf(capacities)
  if (capacity >= 1) return { shares: fill(capacities), isPanic: false }
  const total = sumOf(levels.map((level) => level.total))
  const usable = sumOf(levels.map((level) => level.usable))
  const isPanic = usable < total * thresholds.panicBelow
  if (isPanic || usable === 0) return { shares: levels.map((level) => share(level.total, total)), isPanic }
  return { shares: capacities.map((one) => one / capacity), isPanic }
}

/** The thresholds of a policy, with the defaults for what it leaves out. Without a policy being ejected always counts. */
export function toThresholds(policy: LocalityPolicyJson | undefined): LocalityThresholds {
  const failoverPercent = policy?.failoverBelowPercent || DEFAULT_FAILOVER_PERCENT
  const panicPercent = policy?.panicBelowPercent || DEFAULT_PANIC_PERCENT
  const isNever = policy === undefined || panicPercent >= NEVER_PANIC_PERCENT
  return { failoverBelow: failoverPercent / 100, panicBelow: isNever ? 0 : panicPercent / 100 }
}

/** How near an endpoint is to `here`. What is not known is not near. */
export function levelOf(here: Locality, { region, zone }: Candidate): NearLevel {
  const isSameRegion = region === here.region
  if (here.zone !== '' && zone === here.zone && isSameRegion) return 'zone'
  return here.region !== '' && isSameRegion ? 'region' : 'rest'
}

/** Each level takes as much as it can of what is left. */
function fill(capacities: readonly number[]): number[] {
  let left = 1
  return capacities.map((capacity) => {
    const taken = Math.min(capacity, left)
    left -= taken
    return taken
  })
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
