import type { Clock } from '@heddle/base/clock'
import { CliError } from '../cli-error.ts'
import { type ListeningEvent, parseProxyEvent } from './proxy-event.ts'

export interface WaitOptions {
  /** Resolves with why the wait is in vain. */
  readonly inVain: Promise<CliError>
  readonly deadlineMs: number
  late(): CliError
}

interface Events {
  readonly listening: ListeningEvent
  readonly ready: { readonly event: 'ready' }
}

export interface EventWaiterOptions {
  readonly clock: Clock
  /** Ends every wait. */
  readonly signal: AbortSignal
  /** Hears why, each time that the proxy needs another join token. */
  onTokenWanted(reason: string): void
}

/** Lets others wait for the events of one proxy. */
export class EventWaiter {
  readonly #options: EventWaiterOptions
  readonly #resolvers = {
    listening: Promise.withResolvers<ListeningEvent>(),
    ready: Promise.withResolvers<Events['ready']>(),
  }

  constructor(options: EventWaiterOptions) {
    this.#options = options
  }

  /** Takes a line that the proxy wrote to stdout. */
  take(line: string): void {
    const event = parseProxyEvent(line)
    if (event?.event === 'listening') this.#resolvers.listening.resolve(event)
    if (event?.event === 'ready') this.#resolvers.ready.resolve(event)
    if (event?.event === 'token_wanted') this.#options.onTokenWanted(event.reason)
  }

  /** @throws {CliError} when the event did not come */
  async wait<K extends keyof Events>(kind: K, { inVain, deadlineMs, late }: WaitOptions): Promise<Events[K]> {
    const { clock, signal } = this.#options
    const done = new AbortController()
    const deadline = clock.sleep(deadlineMs, AbortSignal.any([done.signal, signal])).then(late)
    const came = this.#resolvers[kind].promise as Promise<Events[K]>
    try {
      const first = await Promise.race([came, inVain, deadline])
      if (first instanceof CliError) throw signal.aborted ? new CliError('interrupted') : first
      return first
    } finally {
      done.abort()
    }
  }
}
