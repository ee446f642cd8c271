import type { Clock } from '@heddle/base/clock'

/** Who speaks first at a destination. */
export type FirstSpeaker = 'client' | 'server'

const MAX_DESTINATIONS = 1024
const FORGET_AFTER_MS = 600_000

interface Remembered {
  readonly speaker: FirstSpeaker
  readonly sinceMs: number
}

/**
 * What destinations of undeclared protocol did last, so that only the first connection to a server that speaks first waits
 * for its client. Bounded: the one remembered longest goes.
 */
export class ProtocolMemory {
  readonly #clock: Clock
  readonly #remembered = new Map<string, Remembered>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  recall(destination: string): FirstSpeaker | undefined {
    const found = this.#remembered.get(destination)
    if (found === undefined) return undefined
    if (this.#clock.nowMs() - found.sinceMs < FORGET_AFTER_MS) return found.speaker
    this.#remembered.delete(destination)
    return undefined
  }

  remember(destination: string, speaker: FirstSpeaker): void {
    if (this.#remembered.get(destination)?.speaker === speaker) return
    this.#remembered.delete(destination)
    this.#remembered.set(destination, { speaker, sinceMs: this.#clock.nowMs() })
    if (this.#remembered.size <= MAX_DESTINATIONS) return
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest)
      return
    }
  }
}
