import type { Clock, Timer } from '@heddle/base/clock'
import type { Model } from '../model/model.ts'

/** Changes of the model within this time are worked on together. */
const GATHER_MS = 50

export interface GatheredChangesOptions {
  readonly model: Pick<Model, 'revision' | 'onChange'>
  readonly clock: Clock
  /** Called when what has gathered is to be taken. */
  readonly due: () => void
  readonly signal: AbortSignal
}

/** The topics of what has changed in the model and was not worked on yet. */
export class GatheredChanges {
  readonly #options: GatheredChangesOptions
  #topics = new Set<string>()
  #timer: Timer | undefined
  /** Of the configuration: the newest whose changes were taken, and the newest there is. */
  #takenRevision: number
  #seenRevision: number

  constructor(options: GatheredChangesOptions) {
    const { model, signal } = options
    this.#options = options
    this.#takenRevision = model.revision
    this.#seenRevision = model.revision
    model.onChange(({ topics }) => this.#gather(topics), signal)
    signal.addEventListener('abort', () => this.cancel(), { once: true })
  }

  /** The newest revision of the configuration whose changes were all taken. */
  get revision(): number {
    return this.#takenRevision
  }

  /** Takes what has gathered, due or not. */
  take(): ReadonlySet<string> {
    this.cancel()
    const topics = this.#topics
    this.#topics = new Set()
    this.#takenRevision = this.#seenRevision
    return topics
  }

  /** Nothing is due any more until something else changes. */
  cancel(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #gather(topics: ReadonlySet<string>): void {
    const { model, clock, due } = this.#options
    this.#seenRevision = model.revision
    for (const topic of topics) this.#topics.add(topic)
    if (this.#topics.size === 0) this.#takenRevision = this.#seenRevision
    else this.#timer ??= clock.after(GATHER_MS, due)
  }
}
