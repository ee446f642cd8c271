const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type Interrupt = (typeof SIGNALS)[number]

/** Turns the signals that ask a process to end into an AbortSignal; its reason is the signal's name. */
export class Interruption {
  readonly #first = new AbortController()
  readonly #second = new AbortController()

  constructor(target: NodeJS.Process = process) {
    for (const name of SIGNALS) target.on(name, () => this.#receive(name))
  }

  /** Aborted at the first of the signals. */
  get signal(): AbortSignal {
    return this.#first.signal
  }

  /** Aborted at the second: whoever waits for a graceful end gives up waiting. */
  get hurry(): AbortSignal {
    return this.#second.signal
  }

  /** As if the signal had come; for a terminal that went away without one. */
  trigger(name: Interrupt): void {
    if (!this.#first.signal.aborted) this.#receive(name)
  }

  #receive(name: Interrupt): void {
    const controller = this.#first.signal.aborted ? this.#second : this.#first
    controller.abort(name)
  }
}
