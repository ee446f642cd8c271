import { Agent, request } from 'node:http'
import { planRound, toRequest, type Visit } from './bot-plan.ts'
import type { Address } from './environment.ts'
import { type Running, report } from './running.ts'

/** Requests open at once; a slow `web` then gets fewer of them, not an ever longer queue. */
const MAX_OPEN = 16
const TIMEOUT_MS = 5000
const REPORT_EVERY_MS = 10_000
const MAX_ANSWER_CHARACTERS = 100_000

export interface BotOptions {
  readonly perSecond: number
  /** As Math.random. */
  readonly random: () => number
}

/** A running bot, and what it has seen since it started. */
export interface Bot extends Running {
  readonly sent: number
  /** Answers of status 5xx, and requests without an answer. */
  readonly failed: number
}

/** Sends requests to `web` at a steady rate until it is drained. */
export async function startBot(web: Address, options: BotOptions): Promise<Bot> {
  return new VoteBot(web, options)
}

class VoteBot implements Bot {
  readonly address = undefined
  readonly #web: Address
  readonly #options: BotOptions
  readonly #agent = new Agent({ keepAlive: true, maxSockets: MAX_OPEN })
  readonly #startMs = performance.now()
  readonly #reporting: NodeJS.Timeout
  #pacing: NodeJS.Timeout
  #shortcodes: readonly string[] = []
  #round: Visit[] = []
  #due = 0
  #open = 0
  #whenIdle: (() => void) | undefined
  sent = 0
  failed = 0

  constructor(web: Address, options: BotOptions) {
    this.#web = web
    this.#options = options
    this.#pacing = setTimeout(() => this.#tick(), 0)
    this.#reporting = setInterval(() => this.#report(), REPORT_EVERY_MS)
  }

  drain(): Promise<void> {
    clearTimeout(this.#pacing)
    clearInterval(this.#reporting)
    this.#pacing.unref()
    return new Promise((resolve) => {
      this.#whenIdle = () => {
        this.#agent.destroy()
        resolve()
      }
      if (this.#open === 0) this.#whenIdle()
    })
  }

  async stop(): Promise<void> {
    clearTimeout(this.#pacing)
    clearInterval(this.#reporting)
    this.#agent.destroy()
  }

  /** Times are counted from the start, so that late timers do not lower the rate. */
  #tick(): void {
    if (this.#open < MAX_OPEN) this.#send(this.#nextVisit())
    this.#due += 1
    const dueMs = this.#startMs + (this.#due * 1000) / this.#options.perSecond
    this.#pacing = setTimeout(() => this.#tick(), Math.max(0, dueMs - performance.now()))
  }

  #nextVisit(): Visit {
    if (this.#shortcodes.length === 0) return { kind: 'list' }
    if (this.#round.length === 0) this.#round = [...planRound(this.#shortcodes, this.#options.random)]
    return this.#round.shift() ?? { kind: 'list' }
  }

  #send(visit: Visit): void {
    this.sent += 1
    this.#open += 1
    this.#exchange(visit)
      .then(({ status, text }) => {
        if (status >= 500) this.failed += 1
        if (visit.kind === 'list' && status === 200) this.#shortcodes = parseShortcodes(text)
      })
      .catch(() => {
        this.failed += 1
      })
      .finally(() => {
        this.#open -= 1
        if (this.#open === 0) this.#whenIdle?.()
      })
  }

  #exchange(visit: Visit): Promise<{ readonly status: number; readonly text: string }> {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    return new Promise((resolve, reject) => {
      const sending = request({ ...this.#web, ...toRequest(visit), agent: this.#agent, signal }, (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (part: string) => {
          if (text.length < MAX_ANSWER_CHARACTERS) text += part
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
        answer.on('error', reject)
      })
      sending.on('error', reject)
      sending.end()
    })
  }

  #report(): void {
    report({ program: 'vote-bot', event: 'load', sent: this.sent, failed: this.failed })
  }
}

function parseShortcodes(text: string): readonly string[] {
  const list: unknown = JSON.parse(text)
  if (!Array.isArray(list)) throw new Error('/api/list: expected an array')
  return list.map((entry: { readonly shortcode: unknown }) => String(entry.shortcode))
}
