import { ResourceKind } from '@heddle/api/admin'
import { formatDurationMs } from '@heddle/base/duration'
import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../../cli-error.ts'
import type { ControlClient } from '../../client/control-client.ts'
import type { CliDeps } from '../../command.ts'
import { formatApplied } from '../objects/applied.ts'
import { type Judgement, judgeStep, type Thresholds } from './judge-step.ts'
import type { RolloutState } from './rollout-state.ts'
import type { RouteWeights } from './route-weights.ts'
import { type BackendName, type PairWeights, sharePercent } from './weighted-route.ts'

const LOOK_EVERY_MS = 1_000
/** As short as the control plane answers for. */
const SHORTEST_WINDOW_MS = 1_000
/**
 * A step is watched from so long after its begin: until then what is counted may be of requests from before it, because proxies report
 * every few seconds and the control plane counts in slots of five.
 */
const SETTLE_MS = 10_000
/** Going back is tried so often: somebody else may write at the same moment. */
const BACK_TRIES = 5

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

/** How a step ended, and why. */
interface StepEnd {
  readonly kind: 'next' | 'back' | 'interrupted' | 'taken-over'
  readonly sentence: string
}

/** Shifts the weights of a route in steps while the new backend holds what is asked of it, and goes back when it does not. */
export class Rollout {
  readonly #route: RouteWeights
  readonly #options: RolloutOptions
  readonly #deps: RolloutDeps
  #state: RolloutState
  #weights: PairWeights
  /** What was to be written last; whether it was may be unknown. */
  #attempted: PairWeights

  private constructor(route: RouteWeights, options: RolloutOptions, begin: Begin) {
    this.#route = route
    this.#options = options
    this.#deps = begin.deps
    this.#state = begin.state
    this.#weights = begin.state.before
    this.#attempted = begin.state.before
  }

  /** @throws {CliError} when the route is no plain weighted one, or another rollout runs on it */
  static async begin(route: RouteWeights, options: RolloutOptions, deps: RolloutDeps): Promise<Rollout> {
    const { weights, state } = await route.read()
    const missing = await findMissing(deps.client, route.pair.to)
    if (missing !== undefined) throw new CliError(missing, { hints: ['see "heddle endpoints"'] })
    if (state?.state === 'running') {
      throw new CliError(`a rollout of ${route.ref.name} runs already, or was killed`, {
        hints: [
          `see "heddle rollout status ${route.ref.name}"; "heddle rollout abort ${route.ref.name}" takes it back`,
        ],
      })
    }
    const nowMs = deps.cli.clock.nowMs()
    const [from, to] = [route.pair.from, route.pair.to].map(({ name, namespace }) => `${name}.${namespace}`)
    const times = { startedMs: nowMs, changedMs: nowMs }
    const first = {
      state: 'running',
      from: from!,
      to: to!,
      steps: options.steps,
      step: 0,
      before: weights,
      reason: '',
    } as const
    return new Rollout(route, options, { deps, state: { ...first, ...times } })
  }

  /** Goes through the steps; whatever happens, the route has the weights that the last line says. */
  async run(): Promise<RolloutEnd> {
    const share = sharePercent(this.#state.before)
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
    return end ?? this.#end('done', `${format(sharePercent(this.#weights))} go to ${this.#state.to}: every step held`)
  }

  async #step(step: number, name: string): Promise<StepEnd> {
    const { signal, cli } = this.#deps
    if (signal.aborted) return { kind: 'interrupted', sentence: 'interrupted' }
    try {
      const applied = await this.#write({ from: 100 - step, to: step }, { step, reason: name })
      this.#say(`${name}: ${step} % to ${this.#state.to}, ${100 - step} % to ${this.#state.from}; ${applied}`)
      const end = await this.#watch(cli.clock.monotonicUs())
      if (end.kind === 'next')
        this.#say(`  held for ${formatDurationMs(this.#options.thresholds.intervalMs)}: ${end.sentence}`)
      return end
    } catch (error) {
      return { kind: error instanceof TakenOver ? 'taken-over' : 'back', sentence: messageOf(error) }
    }
  }

  async #watch(startUs: number): Promise<StepEnd> {
    const { cli, signal } = this.#deps
    const { thresholds } = this.#options
    let hasWarned = false
    for (;;) {
      await cli.clock.sleep(LOOK_EVERY_MS, signal)
      if (signal.aborted) return { kind: 'interrupted', sentence: 'interrupted' }
      const stranger = await this.#findStranger()
      if (stranger !== undefined) return { kind: 'taken-over', sentence: stranger }
      const elapsedMs = (cli.clock.monotonicUs() - startUs) / 1000 - SETTLE_MS
      if (elapsedMs <= 0) continue
      const { kind, sentence } = await this.#judge(elapsedMs)
      if (kind !== 'hold') return { kind, sentence }
      if (elapsedMs >= thresholds.intervalMs && !hasWarned) {
        this.#say(`  waiting for more traffic: ${sentence}`)
        hasWarned = true
      }
    }
  }

  async #judge(elapsedMs: number): Promise<Judgement> {
    const { name, namespace } = this.#route.pair.to
    const missing = await findMissing(this.#deps.client, { name, namespace })
    if (missing !== undefined) return { kind: 'back', sentence: missing }
    const resource = { kind: ResourceKind.SERVICE, namespace, name }
    const windowMs = Math.max(SHORTEST_WINDOW_MS, Math.floor(elapsedMs))
    const { rows } = await this.#deps.client.admin.stat({ resource, windowMs })
    return judgeStep(rows[0], elapsedMs, this.#options.thresholds)
  }

  /** Says who else has changed the route; then it is theirs, and nothing of it is touched. */
  async #findStranger(): Promise<string | undefined> {
    const { weights, state } = await this.#route.read()
    if (state?.state === 'aborted') return 'aborted by "heddle rollout abort"'
    const isOurs = [this.#weights, this.#attempted].some(({ from, to }) => weights.from === from && weights.to === to)
    return isOurs ? undefined : `somebody else has set the weights to ${weights.from} and ${weights.to}`
  }

  /** @throws {TakenOver} when somebody else has changed the route */
  async #write(weights: PairWeights, change: Partial<RolloutState>): Promise<string> {
    const stranger = await this.#findStranger()
    if (stranger !== undefined) throw new TakenOver(stranger)
    const { cli, signal } = this.#deps
    const state = { ...this.#state, ...change, changedMs: cli.clock.nowMs() }
    this.#attempted = weights
    const applied = await this.#route.write(weights, state, state.state === 'running' ? signal : undefined)
    this.#state = state
    this.#weights = weights
    return formatApplied(applied)
      .map((line) => line.trim())
      .join('; ')
  }

  async #stop(reason: string): Promise<RolloutEnd> {
    const end = await this.#finish('stopped', reason)
    return end ?? this.#end('stopped', `${reason}: ${format(sharePercent(this.#weights))} go on to ${this.#state.to}`)
  }

  /** Writes the last state; the weights stay. */
  async #finish(state: RolloutState['state'], reason: string): Promise<RolloutEnd | undefined> {
    try {
      await this.#write(this.#weights, { state, reason })
      return undefined
    } catch (error) {
      if (error instanceof TakenOver) return this.#end('taken-over', error.message)
      throw error
    }
  }

  /** @throws {CliError} when that is not possible: then the route is left half way, and the user must know */
  async #goBack(reason: string): Promise<RolloutEnd> {
    const { before } = this.#state
    this.#say(`going back: ${reason}`)
    for (let tries = 1; ; tries++) {
      try {
        const applied = await this.#write(before, { state: 'went-back', reason })
        return this.#end('went-back', `weights are ${before.from} and ${before.to} again; ${applied}`)
      } catch (error) {
        if (error instanceof TakenOver) return this.#end('taken-over', error.message)
        if (tries >= BACK_TRIES) throw this.#halfWay(error)
        await this.#deps.cli.clock.sleep(LOOK_EVERY_MS * tries)
      }
    }
  }

  #halfWay(error: unknown): CliError {
    const { from, to, before } = this.#state
    return new CliError(`cannot go back: ${messageOf(error)}`, {
      hints: [
        `the route may still send ${format(sharePercent(this.#weights))} to ${to}`,
        `set the weights of ${from} and ${to} to ${before.from} and ${before.to} by hand, or run "heddle rollout abort ${this.#route.ref.name}"`,
      ],
    })
  }

  #end(end: RolloutEnd, sentence: string): RolloutEnd {
    this.#say(`${end}: ${sentence}`)
    return end
  }

  #say(text: string): void {
    const { terminal, clock } = this.#deps.cli
    terminal.write(`${new Date(clock.nowMs()).toISOString().slice(11, 19)} ${text}\n`)
  }
}

/** A Service without endpoints answers nothing, so that nothing is measured of it either. */
async function findMissing({ admin }: ControlClient, { name, namespace }: BackendName): Promise<string | undefined> {
  const { endpoints } = await admin.listEndpoints({ namespace, service: name })
  return endpoints.some(({ ready }) => ready) ? undefined : `no endpoint of ${name}.${namespace} is ready`
}

/** The route is somebody else's now, and is left as it is. */
class TakenOver extends Error {
  override readonly name = 'TakenOver'
}

interface Begin {
  readonly deps: RolloutDeps
  readonly state: RolloutState
}

function format(percent: number): string {
  return `${Number(percent.toPrecision(3))} %`
}
