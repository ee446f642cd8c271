import type { LocalityPolicyJson } from '@heddle/api/discovery/policy'
import type { Balancer, BalancerKind, Draw } from './balancer.ts'
import type { Candidate } from './candidate.ts'
import { hashText } from './hash.ts'
import {
  type Locality,
  type LocalityThresholds,
  levelOf,
  localityShares,
  type NearLevel,
  toThresholds,
} from './locality.ts'
import { tellPick } from './pick-trace.ts'
import type { Picker } from './picker.ts'
import { isUsable, type PickRules } from './usability.ts'

/** For so long the shares of levels are taken as they were: counting the usable endpoints for each request would cost too much. */
const SHARES_LAST_US = 100_000
const ORDER = ['zone', 'region', 'rest'] as const

/** What {@link Levels} is made of. */
export interface LevelsParts {
  readonly kind: BalancerKind
  readonly candidates: readonly Candidate[]
  readonly rules: PickRules
  readonly here: Locality
  readonly policy: LocalityPolicyJson | undefined
  readonly createPicker: (members: readonly Candidate[]) => Picker
}

interface Level {
  /** `all`: locality does not count. */
  readonly name: NearLevel | 'all'
  readonly members: readonly Candidate[]
  /** Index of each member among all candidates. */
  readonly indices: readonly number[]
  readonly picker: Picker
}

/** Chooses a level of locality by its share, and leaves the choice within it to a {@link Picker}. */
export class Levels implements Balancer {
  readonly kind: BalancerKind
  readonly #candidates: readonly Candidate[]
  readonly #rules: PickRules
  readonly #thresholds: LocalityThresholds
  readonly #levels: readonly Level[]
  /** Whether shares or panic can make a difference at all. */
  readonly #isDivided: boolean
  #shares: readonly number[] = []
  #sharesUntilUs = Number.NEGATIVE_INFINITY

  constructor({ kind, candidates, rules, here, policy, createPicker }: LevelsParts) {
    this.kind = kind
    this.#candidates = candidates
    this.#rules = rules
    this.#thresholds = toThresholds(policy)
    this.#levels = divide(candidates, policy, here).map(({ name, indices }) => {
      const members = name === 'all' ? candidates : indices.map((at) => candidates[at]!)
      return { name, members, indices, picker: createPicker(members) }
    })
    this.#isDivided = this.#levels.length > 1 || this.#thresholds.panicBelow > 0
  }

  get needsHashKey(): boolean {
    return this.kind === 'ring-hash' || this.kind === 'maglev'
  }

  pick(draw: Draw): number {
    const count = this.#candidates.length
    if (count === 0) {
      tellPick(draw.trace, 'none')
      return -1
    }
    if (count === 1 && draw.tried === undefined) {
      tellPick(draw.trace, 'only')
      return 0
    }
    return this.#isDivided ? this.#pickByLevel(draw) : this.#levels[0]!.picker.pick(draw)
  }

  #pickByLevel(draw: Draw): number {
    if (draw.nowUs >= this.#sharesUntilUs) this.#divideAnew(draw.nowUs)
    const first = this.#levels[this.#drawLevel(draw)]!
    let chosen = this.#pickIn(first, draw)
    if (this.#isUsable(chosen, draw)) return chosen
    for (const level of this.#levels) {
      if (level === first) continue
      const other = this.#pickIn(level, draw)
      if (this.#isUsable(other, draw)) return other
      if (chosen === -1) chosen = other
    }
    tellPick(draw.trace, chosen === -1 ? 'none' : 'last-resort')
    return chosen
  }

  #isUsable(index: number, draw: Draw): boolean {
    return index !== -1 && isUsable(this.#candidates[index]!, draw, this.#rules)
  }

  #pickIn({ indices, picker }: Level, draw: Draw): number {
    const at = picker.pick(draw)
    const { trace } = draw
    if (trace?.reason === 'only') trace.reason = 'nearest'
    if (trace !== undefined && trace.other !== -1) trace.other = indices[trace.other]!
    return at === -1 ? -1 : indices[at]!
  }

  /** A key always gets the same point, so that it stays at its level while the shares do not change. */
  #drawLevel({ hashKey, random }: Draw): number {
    if (this.#levels.length === 1) return 0
    let point = this.needsHashKey && hashKey !== undefined ? hashText(hashKey, 1) / 2 ** 32 : random()
    for (const [at, share] of this.#shares.entries()) {
      if (point < share) return at
      point -= share
    }
    return 0
  }

  #divideAnew(nowUs: number): void {
    this.#rules.isPanic = false
    const draw = { nowUs, random: () => 0, tried: undefined }
    const capacities = this.#levels.map(({ members }) => {
      let [total, usable] = [0, 0]
      for (const member of members) {
        total += member.load.weight
        if (isUsable(member, draw, this.#rules)) usable += member.load.weight
      }
      return { total, usable }
    })
    const { shares, isPanic } = localityShares(capacities, this.#thresholds)
    this.#shares = shares
    this.#rules.isPanic = isPanic
    this.#sharesUntilUs = nowUs + SHARES_LAST_US
  }
}

/** The levels that have endpoints, the nearest first. */
function divide(
  candidates: readonly Candidate[],
  policy: LocalityPolicyJson | undefined,
  here: Locality,
): readonly Pick<Level, 'name' | 'indices'>[] {
  if (candidates.length === 0) return []
  if (policy?.mode !== 'LOCALITY_MODE_PREFER_CLOSE') return [{ name: 'all', indices: [...candidates.keys()] }]
  const levels = ORDER.map((name) => {
    return { name, indices: [...candidates.keys()].filter((at) => levelOf(here, candidates[at]!) === name) }
  })
  return levels.filter(({ indices }) => indices.length > 0)
}
