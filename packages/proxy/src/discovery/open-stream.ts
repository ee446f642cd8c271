import type { StateJson } from '@heddle/api/discovery'
import type { Log } from '@heddle/base/log'
import type { ControlClient } from '../control/control-client.ts'
import { ControlError } from '../control/control-error.ts'
import { ACKNOWLEDGE, SET_STATE, SUBSCRIBE } from '../control/rpc.ts'

/** What an open stream needs. */
export interface OpenStreamDeps {
  readonly control: ControlClient
  readonly log: Log
  readonly streamId: string
  /** Something could not be said: the stream is no longer what both ends think and must be opened anew. */
  readonly onBroken: (error: unknown) => void
}

/** What a proxy says of its workload. */
export interface WorkloadState {
  readonly state: 'ready' | 'unhealthy' | 'draining'
  /** Why it is not ready, one sentence; empty when it is. */
  readonly reason: string
}

const STATES: Readonly<Record<WorkloadState['state'], StateJson>> = {
  ready: 'STATE_READY',
  unhealthy: 'STATE_UNHEALTHY',
  draining: 'STATE_DRAINING',
}

/** How many keys one call carries at most. */
const MAX_BATCH = 500

/**
 * What the proxy says about one open stream, in calls beside it. One call of each kind is under way at a time; what gathers
 * meanwhile goes with the next, so a burst of new destinations costs two calls.
 */
export class OpenStream {
  readonly #deps: OpenStreamDeps
  readonly #adding = new Set<string>()
  readonly #removing = new Set<string>()
  readonly #acknowledgements: Acknowledgement[] = []
  #isSubscribing = false
  #isAcknowledging = false

  constructor(deps: OpenStreamDeps) {
    this.#deps = deps
  }

  get streamId(): string {
    return this.#deps.streamId
  }

  add(key: string): void {
    this.#removing.delete(key)
    this.#adding.add(key)
    this.#subscribeSoon()
  }

  remove(key: string): void {
    // Also one that waits to be added: it may be asked for in full, and be subscribed to already.
    this.#adding.delete(key)
    this.#removing.add(key)
    this.#subscribeSoon()
  }

  /** @param problems - empty: message `sequence` and all before it were applied */
  acknowledge(sequence: string, problems: readonly string[]): void {
    // What was applied covers all before it.
    if (problems.length === 0 && this.#acknowledgements.at(-1)?.problems.length === 0) this.#acknowledgements.pop()
    this.#acknowledgements.push({ sequence, problems: [...problems] })
    if (this.#isAcknowledging) return
    this.#isAcknowledging = true
    void this.#acknowledgeAll()
  }

  /** What came by it could not be taken: as after a break, all is to be told anew. */
  broken(error: unknown): void {
    this.#deps.onBroken(error)
  }

  /** @throws {ControlError} */
  async setState({ state, reason }: WorkloadState): Promise<void> {
    const { control, streamId } = this.#deps
    await control.call(SET_STATE, { streamId, state: STATES[state], reason })
  }

  #subscribeSoon(): void {
    if (this.#isSubscribing) return
    this.#isSubscribing = true
    // Whatever else wants a destination in this turn comes along.
    queueMicrotask(() => void this.#subscribeAll())
  }

  async #subscribeAll(): Promise<void> {
    const { control, streamId, onBroken } = this.#deps
    try {
      while (this.#adding.size > 0 || this.#removing.size > 0) {
        const add = take(this.#adding, MAX_BATCH).map((key) => ({ key, version: '' }))
        const remove = take(this.#removing, MAX_BATCH)
        await control.call(SUBSCRIBE, { streamId, add, remove })
      }
    } catch (error) {
      onBroken(error)
    } finally {
      this.#isSubscribing = false
    }
  }

  async #acknowledgeAll(): Promise<void> {
    const { control, log, streamId, onBroken } = this.#deps
    try {
      for (let next = this.#acknowledgements.shift(); next !== undefined; next = this.#acknowledgements.shift()) {
        await control.call(ACKNOWLEDGE, { streamId, ...next })
      }
    } catch (error) {
      // Nothing hangs on it but the control plane's picture; where the stream is gone, that is noticed anyway.
      log.debug('acknowledgement failed', { error: String(error) })
      if (error instanceof ControlError && error.code === 'not_found') onBroken(error)
    } finally {
      this.#isAcknowledging = false
    }
  }
}

interface Acknowledgement {
  readonly sequence: string
  readonly problems: string[]
}

function take(from: Set<string>, most: number): string[] {
  const taken: string[] = []
  for (const key of from) {
    if (taken.length === most) break
    from.delete(key)
    taken.push(key)
  }
  return taken
}
