import type { Clock } from '@heddle/base/clock'
import { formatApplied } from '../objects/applied.ts'
import type { RolloutState } from './rollout-state.ts'
import type { RouteWeights } from './route-weights.ts'
import type { PairWeights } from './weighted-route.ts'

/** The route is somebody else's now, and is left as it is. */
export class TakenOver extends Error {
  override readonly name = 'TakenOver'
}

export interface OwnedRouteDeps {
  readonly clock: Clock
  /** Ends the wait for proxies while the rollout runs. */
  readonly signal: AbortSignal
}

/** The route of a rollout, which is written to only while nobody else has changed it. */
export class OwnedRoute {
  readonly #route: RouteWeights
  readonly #deps: OwnedRouteDeps
  #state: RolloutState
  #weights: PairWeights
  /** What was to be written last; whether it was may be unknown. */
  #attempted: PairWeights

  /** @param state - with the weights that the route has as those from before */
  constructor(route: RouteWeights, state: RolloutState, deps: OwnedRouteDeps) {
    this.#route = route
    this.#deps = deps
    this.#state = state
    this.#weights = state.before
    this.#attempted = state.before
  }

  /** As it was written last. */
  get state(): RolloutState {
    return this.#state
  }

  /** As they were written last. */
  get weights(): PairWeights {
    return this.#weights
  }

  /** Says who else has changed the route; then it is theirs, and nothing of it is touched. */
  async findStranger(): Promise<string | undefined> {
    const { weights, state } = await this.#route.read()
    if (state?.state === 'aborted') return 'aborted by "heddle rollout abort"'
    const isOurs = [this.#weights, this.#attempted].some(({ from, to }) => weights.from === from && weights.to === to)
    return isOurs ? undefined : `somebody else has set the weights to ${weights.from} and ${weights.to}`
  }

  /**
   * Writes weights and what is different of the state.
   *
   * @returns how many proxies have applied it, for people
   * @throws {TakenOver} when somebody else has changed the route
   * @throws {CliError} when it is refused
   */
  async write(weights: PairWeights, change: Partial<RolloutState>): Promise<string> {
    const stranger = await this.findStranger()
    if (stranger !== undefined) throw new TakenOver(stranger)
    const { clock, signal } = this.#deps
    const state = { ...this.#state, ...change, changedMs: clock.nowMs() }
    this.#attempted = weights
    const applied = await this.#route.write(weights, state, state.state === 'running' ? signal : undefined)
    this.#state = state
    this.#weights = weights
    return formatApplied(applied)
      .map((line) => line.trim())
      .join('; ')
  }
}
