import type { GetAppliedResponse } from '@heddle/api/admin'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import type { Clock } from '@heddle/base/clock'
import { CliError } from '../../cli-error.ts'
import type { ControlClient } from '../../client/control-client.ts'
import { waitApplied } from '../objects/applied.ts'
import { formatObject } from '../objects/object-argument.ts'
import { ROLLOUT_ANNOTATION, type RolloutState, readRolloutState } from './rollout-state.ts'
import {
  type BackendPair,
  formatWithWeights,
  type PairWeights,
  type RouteSource,
  readWeights,
} from './weighted-route.ts'

/** How long proxies get to apply a step before it is watched all the same. */
const APPLY_TIMEOUT_MS = 10_000

const NEVER = new AbortController().signal

/** The route of a rollout, as it is in force. */
export interface RouteNow extends RouteSource {
  readonly weights: PairWeights
  readonly state: RolloutState | undefined
}

/** Where a route is kept. */
export interface RouteStore {
  /** @throws {CliError} when there is no such route */
  read(ref: ObjectRef): Promise<RouteSource>
  /**
   * Replaces it by what `text` says, unless it has become another one since it was read.
   *
   * @returns the revision of the configuration with it
   * @throws {CliError} when it is refused
   */
  write(ref: ObjectRef, route: RouteSource, text: string): Promise<bigint>
}

interface WeightsOptions {
  readonly ref: ObjectRef
  readonly pair: BackendPair
  readonly store: RouteStore
}

/** Reads and writes the weights of one route. */
export class RouteWeights {
  readonly ref: ObjectRef
  readonly pair: BackendPair
  readonly #store: RouteStore
  readonly #client: ControlClient
  readonly #clock: Clock

  constructor(client: ControlClient, clock: Clock, { ref, pair, store }: WeightsOptions) {
    this.#client = client
    this.#clock = clock
    this.#store = store
    this.ref = ref
    this.pair = pair
  }

  /** @throws {CliError} when there is no such route, or it is no plain weighted one */
  async read(): Promise<RouteNow> {
    const route = await this.#store.read(this.ref)
    const { manifest } = route
    const found = readWeights(manifest, this.pair)
    if (found.kind === 'refused') {
      throw new CliError(`${formatObject(this.ref)}: ${found.reason}`, { hints: [found.remedy] })
    }
    return { ...route, weights: found.weights, state: readRolloutState(manifest) }
  }

  /**
   * Puts weights and state into the route, and waits a while for the proxies.
   *
   * @param signal - ends the wait
   * @throws {CliError} when it is refused
   */
  async write(weights: PairWeights, state: RolloutState, signal = NEVER): Promise<GetAppliedResponse> {
    const now = await this.read()
    const annotation = { name: ROLLOUT_ANNOTATION, value: JSON.stringify(state) }
    const text = formatWithWeights(now, this.pair, { weights, annotation })
    const revision = await this.#store.write(this.ref, now, text)
    const question = { revision, objects: [this.ref], timeoutMs: APPLY_TIMEOUT_MS }
    return waitApplied(this.#client, question, { clock: this.#clock, interruption: () => ({ signal, hurry: signal }) })
  }
}
