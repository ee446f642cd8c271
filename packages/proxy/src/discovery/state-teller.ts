import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { OpenStream, WorkloadState } from './open-stream.ts'

/** What a {@link StateTeller} needs from outside. */
export interface StateTellerDeps {
  readonly clock: Clock
  readonly log: Log
  /** The one that is open now. */
  readonly stream: () => OpenStream | undefined
}

const RETRY_MS = 1_000

/** Knows how the workload is, and tells the control plane until it knows as well. */
export class StateTeller {
  readonly #deps: StateTellerDeps
  #state: WorkloadState
  /** What the open stream has been told; `undefined`: nothing yet. */
  #told: WorkloadState['state'] | undefined
  #isTelling = false

  constructor(deps: StateTellerDeps, state: WorkloadState) {
    this.#deps = deps
    this.#state = state
  }

  get state(): WorkloadState {
    return this.#state
  }

  get isDraining(): boolean {
    return this.#state.state === 'draining'
  }

  /** The workload is in another state: told now, or as soon as the control plane can be reached. */
  report(state: WorkloadState): void {
    if (this.isDraining) return
    this.#state = state
    this.#tell()
  }

  /** A stream was opened that has been told `told` with its request. */
  opened(told: WorkloadState['state']): void {
    this.#told = told
    this.#tell()
  }

  /** @throws {ControlError} when the control plane could not be told */
  async drain(): Promise<void> {
    this.#state = { state: 'draining', reason: 'the proxy is shutting down' }
    await this.#deps.stream()?.setState(this.#state)
  }

  #tell(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    void this.#tellUntilTold()
  }

  async #tellUntilTold(): Promise<void> {
    const { clock, log, stream } = this.#deps
    for (let open = stream(); open !== undefined && this.#isNews; open = stream()) {
      const state = this.#state
      try {
        await open.setState(state)
        if (stream() === open) this.#told = state.state
      } catch (error) {
        log.debug('state not told', { error: String(error) })
        await clock.sleep(RETRY_MS)
      }
    }
    this.#isTelling = false
  }

  /** The end is told by {@link drain}. */
  get #isNews(): boolean {
    return this.#told !== this.#state.state && !this.isDraining
  }
}
