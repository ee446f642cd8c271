import { formatDurationMs } from '@heddle/base/duration'
import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../../cli-error.ts'
import type { ControlClient } from '../../client/control-client.ts'
import type { CliDeps } from '../../command.ts'
import type { Thresholds } from './judge-step.ts'
import { OwnedRoute, TakenOver } from './owned-route.ts'
import type { RolloutState } from './rollout-state.ts'
import type { RouteWeights } from './route-weights.ts'
import { findMissing, type StepEnd, watchStep } from './watch-step.ts'
import { sharePercent } from './weighted-route.ts'

/** Going back is tried so often: somebody else may write at the same moment. */
const BACK_TRIES = 5
/** Before the second try; before each further one so much longer. */
const BACK_WAIT_MS = 1_000

/** What a rollout is to do. */
export interface RolloutOptions {
  /** Percent of the requests, ascending. */
  readonly steps: readonly number[]
  readonly thresholds: Thresholds
  /** Leave the weights as they are when interrupted. */
  readonly keep: boolean
}

/** How it ended. */
export type RolloutEnd = 'done' | 'went-back' | 'stopped' | 'taken-over'

interface RolloutDeps {
  readonly client: ControlClient
  readonly cli: CliDeps
  readonly signal: AbortSignal
}

/** Shifts the weights of a route in steps while the new backend holds what is asked of it, and goes back when it does not. */
export class Rollout {
  readonly #weights: RouteWeights
  readonly #route: OwnedRoute
  readonly #options: RolloutOptions
  readonly #deps: RolloutDeps

  private constructor(weights: RouteWeights, options: RolloutOptions, { state, deps }: Begin) {
    this.#weights = weights
    this.#route = new OwnedRoute(weights, state, { clock: deps.cli.clock, signal: deps.signal })
    this.#options = options
    this.#deps = deps
  }

  /** @throws {CliError} when the route is no plain weighted one, or another rollout runs on it */
  static async begin(route: RouteWeights, options: RolloutOptions, deps: RolloutDeps): Promise<Rollout> {
    const { weights, state } = await route.read()
    const missing = await findMissing(deps.client, route.pair.to)
    if (missing !== undefined) throw new CliError(missing, { hints: ['see "heddle endpoints"'] })
    if (state?.state === 'running') throw runsAlready(route.ref.name)
    const nowMs = deps.cli.clock.nowMs()
    const [from = '', to = ''] = [route.pair.from, route.pair.to].map(({ name, namespace }) => `${name}.${namespace}`)
    const first = { state: 'running', from, to, steps: options.steps, step: 0, before: weights, reason: '' } as const
    return new Rollout(route, options, { deps, state: { ...first, startedMs: nowMs, changedMs: nowMs } })
  }

  /** Goes through the steps; whatever happens, the route has the weights that the last line says. */
  async run(): Promise<RolloutEnd> {
    const share = sharePercent(this.#route.state.before)
    const steps = this.#options.steps.filter((step) => step > share)
    if (steps.length < this.#options.steps.length)
      this.#say(`${format(share)} go there already: steps up to that are left out`)
    for (const [at, step] of steps.entries()) {
      const end = await this.#step(step, `step ${at + 1} of ${steps.length}`)
      if (end.kind === 'taken-over') return this.#end('taken-over', end.sentence)
      if (end.kind === 'interrupted' && this.#options.keep) return await this.#stop(end.sentence)
      if (end.kind !== 'next') return await this.#goBack(end.sentence)
    }
    const end = await this.#finish('done', 'every step held')
    return end ?? this.#end('done', `${this.#share()} go to ${this.#route.state.to}: every step held`)
  }

  async #step(step: number, name: string): Promise<StepEnd> {
    if (this.#deps.signal.aborted) return { kind: 'interrupted', sentence: 'interrupted' }
    try {
      const applied = await this.#route.write({ from: 100 - step, to: step }, { step, reason: name })
      const { from, to } = this.#route.state
      this.#say(`${name}: ${step} % to ${to}, ${100 - step} % to ${from}; ${applied}`)
      const end = await this.#watch()
      if (end.kind === 'next')
        this.#say(`  held for ${formatDurationMs(this.#options.thresholds.intervalMs)}: ${end.sentence}`)
      return end
    } catch (error) {
      return { kind: error instanceof TakenOver ? 'taken-over' : 'back', sentence: messageOf(error) }
    }
  }

  #watch(): Promise<StepEnd> {
    const { client, cli, signal } = this.#deps
    return watchStep({
      backend: this.#weights.pair.to,
      thresholds: this.#options.thresholds,
      client,
      clock: cli.clock,
      signal,
      findStranger: () => this.#route.findStranger(),
      say: (text) => this.#say(text),
    })
  }

  async #stop(reason: string): Promise<RolloutEnd> {
    const end = await this.#finish('stopped', reason)
    return end ?? this.#end('stopped', `${reason}: ${this.#share()} go on to ${this.#route.state.to}`)
  }

  /** Writes the last state; the weights stay. */
  async #finish(state: RolloutState['state'], reason: string): Promise<RolloutEnd | undefined> {
    try {
      await this.#route.write(this.#route.weights, { state, reason })
      return undefined
    } catch (error) {
      if (error instanceof TakenOver) return this.#end('taken-over', error.message)
      throw error
    }
  }

  /** @throws {CliError} when that is not possible: then the route is left half way, and the user must know */
  async #goBack(reason: string): Promise<RolloutEnd> {
    const { before } = this.#route.state
    this.#say(`going back: ${reason}`)
    for (let tries = 1; ; tries++) {
      try {
        const applied = await this.#route.write(before, { state: 'went-back', reason })
        return this.#end('went-back', `weights are ${before.from} and ${before.to} again; ${applied}`)
      } catch (error) {
        if (error instanceof TakenOver) return this.#end('taken-over', error.message)
        if (tries >= BACK_TRIES) throw this.#halfWay(error)
        await this.#deps.cli.clock.sleep(BACK_WAIT_MS * tries)
      }
    }
  }

  #halfWay(error: unknown): CliError {
    const { from, to, before } = this.#route.state
    return new CliError(`cannot go back: ${messageOf(error)}`, {
      hints: [
        `the route may still send ${this.#share()} to ${to}`,
        `set the weights of ${from} and ${to} to ${before.from} and ${before.to} by hand, or run "heddle rollout abort ${this.#weights.ref.name}"`,
      ],
    })
  }

  #end(end: RolloutEnd, sentence: string): RolloutEnd {
    this.#say(`${end}: ${sentence}`)
    return end
  }

  #share(): string {
    return format(sharePercent(this.#route.weights))
  }

  #say(text: string): void {
    const { terminal, clock } = this.#deps.cli
    terminal.write(`${new Date(clock.nowMs()).toISOString().slice(11, 19)} ${text}\n`)
  }
}

interface Begin {
  readonly deps: RolloutDeps
  readonly state: RolloutState
}

function runsAlready(route: string): CliError {
  return new CliError(`a rollout of ${route} runs already, or was killed`, {
    hints: [`see "heddle rollout status ${route}"; "heddle rollout abort ${route}" takes it back`],
  })
}

function format(percent: number): string {
  return `${Number(percent.toPrecision(3))} %`
}
