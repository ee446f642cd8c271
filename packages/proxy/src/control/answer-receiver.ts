import { copyOf } from '@heddle/base/copy-of'
import type { Fields } from '@heddle/http/fields'
import type { ResponseHead } from '@heddle/http/message'
import type { ResponseReceiver, StreamReset } from '@heddle/http/session'
import { ControlError, toControlError } from './control-error.ts'
import { parseJson } from './json.ts'

/** A whole Service with some thousand endpoints is about 1 MB. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

/** How a unary call may end; one of them is called. */
export interface AnswerEvents {
  readonly onAnswer: (json: unknown) => void
  /** The server said no. */
  readonly onRefused: (error: ControlError) => void
  /** The connection broke or makes no sense. */
  readonly onBroken: (error: ControlError) => void
}

/** Gathers the answer of a unary call. */
export class AnswerReceiver implements ResponseReceiver {
  readonly #events: AnswerEvents
  readonly #chunks: Uint8Array[] = []
  #bytes = 0
  #status = 0

  constructor(events: AnswerEvents) {
    this.#events = events
  }

  onInformational(): void {}

  onHead(head: ResponseHead): void {
    this.#status = head.status
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes += end - start
    if (this.#bytes <= MAX_MESSAGE_BYTES) this.#chunks.push(copyOf(bytes, start, end))
    else this.#broken('malformed', 'the answer is too long')
  }

  onEnd(_trailers: Fields | undefined): void {
    const json = parseJson(Buffer.concat(this.#chunks))
    if (this.#status !== 200) this.#events.onRefused(toControlError(json, this.#status))
    else if (json === undefined) this.#broken('malformed', 'the answer is not JSON')
    else this.#events.onAnswer(json)
  }

  onAbort(reset: StreamReset): void {
    this.#broken('unreachable', reset.detail)
  }

  onWritable(): void {}

  #broken(code: 'malformed' | 'unreachable', detail: string): void {
    this.#events.onBroken(new ControlError(code, detail))
  }
}
