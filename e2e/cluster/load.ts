import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../harness/until.ts'

const ANSWER_MS = 10_000

/** What became of requests. */
export interface LoadResult {
  readonly requests: number
  readonly failures: readonly LoadFailure[]
}

/** A request that failed. */
export interface LoadFailure {
  /** By `performance.now()`. */
  readonly begunMs: number
  /** One sentence. */
  readonly what: string
}

/** Requests at a steady rate, each on a connection of its own, until it is stopped or disposed of. */
export class Load implements AsyncDisposable {
  readonly #ended = new AbortController()
  readonly #failures: LoadFailure[] = []
  readonly #running: Promise<void>
  #requests = 0

  constructor(urls: readonly string[], perSecond: number) {
    this.#running = this.#run(urls, perSecond)
  }

  get requests(): number {
    return this.#requests
  }

  /** Waits for requests under way. */
  async stop(): Promise<LoadResult> {
    this.#ended.abort()
    await this.#running
    return { requests: this.#requests, failures: this.#failures }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #run(urls: readonly string[], perSecond: number): Promise<void> {
    const pending = new Set<Promise<void>>()
    for (let at = 0; !this.#ended.signal.aborted; at++) {
      const asked = this.#ask(urls[at % urls.length]!).finally(() => pending.delete(asked))
      pending.add(asked)
      await sleep(1000 / perSecond)
    }
    await Promise.all(pending)
  }

  async #ask(url: string): Promise<void> {
    this.#requests += 1
    const begunMs = performance.now()
    const failed = (what: string) => {
      const tookMs = Math.round(performance.now() - begunMs)
      this.#failures.push({ begunMs, what: `${url}: ${what} after ${tookMs} ms, request ${this.#requests}` })
    }
    try {
      const answer = await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(ANSWER_MS) })
      const text = await answer.text()
      if (!answer.ok) failed(`${answer.status} ${text.slice(0, 200)}`)
    } catch (error) {
      const { message, cause } = error as Error
      failed(`${message} ${cause instanceof Error ? cause.message : ''}`)
    }
  }
}

const QUICK_MS = 500
const QUICK_IN_A_ROW = 10

/**
 * Waits until answers come soon. Programs that have just started are slow for a while, and the demo gives up after two seconds: what
 * a fault costs is to be seen, not what a start does on a busy machine.
 */
export async function untilQuick(urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    let inRow = 0
    await until(
      `${url} answers soon`,
      async () => {
        const before = inRow
        inRow = 0
        if (await isQuick(url)) inRow = before + 1
        return inRow === QUICK_IN_A_ROW
      },
      90_000,
    )
  }
}

/** @throws {Error} where there is no answer */
async function isQuick(url: string): Promise<boolean> {
  const atMs = performance.now()
  const answer = await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(ANSWER_MS) })
  await answer.text()
  return answer.ok && performance.now() - atMs < QUICK_MS
}
