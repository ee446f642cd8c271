import { createInterface } from 'node:readline'
import type { Answer, Ask } from '../../../e2e/apps/conformance-client.ts'
import { start } from '../../../e2e/harness/process.ts'

const ANSWER_DEADLINE_MS = 60_000

interface Reply {
  readonly id: number
  readonly answers?: readonly Answer[]
  readonly error?: string
}

interface Waiting {
  readonly resolve: (answers: readonly Answer[]) => void
  readonly reject: (error: Error) => void
}

/** The suite's client in a workload of the mesh: a process there that sends what it is asked to. */
export class ConformanceClient implements AsyncDisposable {
  readonly #started: ReturnType<typeof start>
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  /** @param command - runs `conformance-client.ts` where the requests are to come from */
  constructor(command: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#started = start(command, { env })
    const { process: child, ended } = this.#started
    child.stdin?.on('error', () => undefined)
    if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', (line) => this.#take(line))
    void ended.then((status) => this.#fail(new Error(`the client ended with ${status}: ${this.#started.stderr()}`)))
  }

  /** @throws {Error} where there was no answer: refused, reset, too late */
  async send(ask: Omit<Ask, 'id'>): Promise<readonly Answer[]> {
    const id = ++this.#lastId
    const { process: child } = this.#started
    if (child.exitCode !== null) throw new Error(`the client has ended: ${this.#started.stderr()}`)
    const { promise, resolve, reject } = Promise.withResolvers<readonly Answer[]>()
    this.#waiting.set(id, { resolve, reject })
    const timer = setTimeout(() => reject(new Error('the client does not answer')), ANSWER_DEADLINE_MS)
    child.stdin?.write(`${JSON.stringify({ id, ...ask })}\n`)
    return await promise.finally(() => {
      clearTimeout(timer)
      this.#waiting.delete(id)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#started.process.stdin?.end()
    this.#started.process.kill('SIGTERM')
    await this.#started.ended
  }

  #take(line: string): void {
    const { id, answers, error = 'no answer' } = JSON.parse(line) as Reply
    const waiting = this.#waiting.get(id)
    if (answers !== undefined) waiting?.resolve(answers)
    else waiting?.reject(new Error(error))
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
  }
}
