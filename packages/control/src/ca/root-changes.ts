import { type Clock, monotonicMs } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { type AuthorityState, changeOf, stepOf } from './authority-state.ts'
import { CaError } from './ca-error.ts'
import type { KeptAuthority, MakeChange } from './kept-authority.ts'
import { isOwnRoot } from './make-authority.ts'
import { formatRecord, isRecordOf, type RootRecord, type RootStep, remainingMsOf, waitMsOf } from './root-record.ts'
import { activate, beginAnew, changesFromMs, forgetStep, prepare, retire } from './root-steps.ts'

export interface RootChangesOptions {
  readonly kept: KeptAuthority
  /** Whether steps are taken here when it is time, or by another control plane on the same store. */
  readonly mayRotate: () => boolean
  readonly clock: Clock
  readonly log: Log
}

/** One root that is trusted. */
export interface TrustedRoot {
  readonly role: 'present' | 'next' | 'former'
  /** SHA-256 of the certificate, as OpenSSL prints it. */
  readonly fingerprint: string
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** Whether a control plane made it, and not a person brought it. */
  readonly isOwn: boolean
}

/** How far a change of the root has come. */
export interface RootStatus {
  readonly step: RootStep
  readonly roots: readonly TrustedRoot[]
  /** When the step began; 0 while nothing is under way. */
  readonly sinceMs: number
  /** How long it is waited until the next step at least, if somebody waits all the time; 0 while nothing is under way. */
  readonly remainingMs: number
  /** From when on the root is changed by itself; `undefined`: never. */
  readonly changesFromMs: number | undefined
  /** What is there and cannot be used; empty: nothing. */
  readonly problem: string
}

const LOOK_MS = 10 * 60_000
const SHORTEST_LOOK_MS = 1_000
/** What was waited for is written down so often in a step; a crash costs no more than that. */
const SAVES = 20
/** Others write something once in minutes. */
const MOST_TRIES = 3

/** Changes the root of a mesh step by step; see {@link RootStep}. */
export class RootChanges {
  readonly #options: RootChangesOptions
  /** When was looked last; `undefined`: nobody has counted since. */
  #lookedMs: number | undefined
  /** What was counted since the record was written. */
  #counted: { readonly record: RootRecord; readonly ms: number } | undefined

  constructor(options: RootChangesOptions) {
    this.#options = options
  }

  status(): RootStatus {
    const { kept, clock } = this.#options
    const { state } = kept
    const step = stepOf(state)
    const isUnderWay = step !== 'steady'
    const record = this.#record(state)
    return {
      step,
      roots: rootsOf(state),
      sinceMs: isUnderWay ? record.sinceMs : 0,
      remainingMs: isUnderWay ? remainingMsOf(record, clock.nowMs()) : 0,
      changesFromMs: isUnderWay ? undefined : changesFromMs(state),
      problem: state.problem,
    }
  }

  /** How long until {@link look} has something to do at the earliest. */
  get lookAgainMs(): number {
    const { state } = this.#options.kept
    if (stepOf(state) === 'steady') return LOOK_MS
    return Math.min(LOOK_MS, Math.max(SHORTEST_LOOK_MS, waitMsOf(state.record) / SAVES))
  }

  /**
   * Begins a change.
   *
   * @throws {RootStepError} when one is under way; {CaError} when it cannot be written
   */
  async rotate(): Promise<void> {
    await this.#command(prepare)
  }

  /** Lets the next root sign, however long it was waited for. @throws as {@link rotate} */
  async activateNow(): Promise<void> {
    await this.#command(activate)
  }

  /** Ends the trust in the former root, however long it was waited for. @throws as {@link rotate} */
  async retireNow(): Promise<void> {
    await this.#command(retire)
  }

  /** Does what is due, if this one may: to be called again after {@link lookAgainMs}, and after each change. Never rejects. */
  async look(): Promise<void> {
    const { kept, mayRotate, log } = this.#options
    const elapsedMs = this.#elapsedMs()
    try {
      if (mayRotate()) return await this.#advance(elapsedMs)
      this.#lookedMs = undefined
      this.#counted = undefined
      // A replica whose watch is behind must not sign by what is over.
      if (stepOf(kept.state) !== 'steady') await kept.reload()
    } catch (error) {
      log.error('root not changed', { step: stepOf(kept.state), error })
    }
  }

  async #advance(elapsedMs: number): Promise<void> {
    const { kept, clock, log } = this.#options
    const { state } = kept
    const step = stepOf(state)
    const nowMs = clock.nowMs()
    if (step === 'steady') {
      if (state.record.step !== 'steady') return await this.#take(forgetStep, state)
      const fromMs = changesFromMs(state)
      if (fromMs === undefined || nowMs < fromMs) return
      log.info('root is changed in good time', { notAfterMs: state.root.notAfterMs })
      return await this.#take(prepare, state)
    }
    const hasIssuer = step === 'activated' || state.next?.issuer !== undefined
    if (!hasIssuer || !isRecordOf(state.record, changeOf(state), nowMs)) return await this.#take(beginAnew, state)
    await this.#count(state, elapsedMs)
  }

  /** Counts what was waited, writes it down now and then, and takes the next step when it is time. */
  async #count(state: AuthorityState, elapsedMs: number): Promise<void> {
    const { record } = state
    // What passed before the record was written is no part of it.
    const isKnown = this.#counted?.record === record
    this.#counted = { record, ms: isKnown ? this.#counted!.ms + elapsedMs : 0 }
    const counted = this.#record(state)
    if (remainingMsOf(counted, this.#options.clock.nowMs()) > 0) {
      if (this.#counted.ms < waitMsOf(record) / SAVES) return
      await this.#take(() => ({ rotation: formatRecord(counted) }), state)
      this.#counted = { record: this.#options.kept.state.record, ms: 0 }
      return
    }
    await this.#take(record.step === 'activated' ? retire : activate, state)
  }

  /** With what was counted here. */
  #record({ record }: AuthorityState): RootRecord {
    const counted = this.#counted
    return counted?.record === record ? { ...record, waitedMs: record.waitedMs + counted.ms } : record
  }

  /** What a person asks for is meant for whatever is there now. */
  async #command(step: MakeChange): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES; tries++) if (await this.#options.kept.change(step)) return
    throw new CaError('others change the authority at the same time; try again')
  }

  /** Where it is not the state any more upon which it was decided, it is looked again soon. */
  async #take(step: MakeChange, decidedOn: AuthorityState): Promise<void> {
    await this.#options.kept.change((state, place) => (state === decidedOn ? step(state, place) : {}))
  }

  #elapsedMs(): number {
    const nowMs = monotonicMs(this.#options.clock)
    const elapsedMs = nowMs - (this.#lookedMs ?? nowMs)
    this.#lookedMs = nowMs
    return elapsedMs
  }
}

function rootsOf({ root, next, former }: AuthorityState): readonly TrustedRoot[] {
  const all = [
    { role: 'former' as const, one: former },
    { role: 'present' as const, one: root },
    { role: 'next' as const, one: next?.root },
  ]
  return all.flatMap(({ role, one }) => {
    if (one === undefined) return []
    const { certificate, notBeforeMs, notAfterMs } = one
    return [{ role, fingerprint: certificate.fingerprint256, notBeforeMs, notAfterMs, isOwn: isOwnRoot(one) }]
  })
}
