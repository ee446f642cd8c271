import type { Fields } from '@heddle/http/fields'
import type { ResponseHead } from '@heddle/http/message'
import type { ResponseReceiver, StreamReset } from '@heddle/http/session'
import { AnswerReceiver, MAX_MESSAGE_BYTES } from './answer-receiver.ts'
import { ControlError, toControlError } from './control-error.ts'
import { EnvelopeReader } from './envelope.ts'
import { parseJson } from './json.ts'

/** What becomes of a stream: messages, then one of resolve and reject. */
export interface StreamEvents {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
  readonly onMessage: (message: unknown) => void
  /** Octets came. */
  readonly onAlive: () => void
}

/** Hands on the messages of a stream. */
export class StreamReceiver implements ResponseReceiver {
  readonly #events: StreamEvents
  readonly #envelopes: EnvelopeReader
  #refusal: AnswerReceiver | undefined

  constructor(events: StreamEvents) {
    this.#events = events
    this.#envelopes = new EnvelopeReader(this, MAX_MESSAGE_BYTES)
  }

  onInformational(): void {}

  onHead(head: ResponseHead): void {
    if (head.status === 200) return
    const { reject } = this.#events
    const events = {
      onAnswer: () => reject(toControlError(undefined, head.status)),
      onRefused: reject,
      onBroken: reject,
    }
    this.#refusal = new AnswerReceiver(events)
    this.#refusal.onHead(head)
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    this.#events.onAlive()
    if (this.#refusal !== undefined) {
      this.#refusal.onData(bytes, start, end)
      return
    }
    try {
      this.#envelopes.receive(bytes.subarray(start, end))
    } catch (error) {
      this.#events.reject(error as Error)
    }
  }

  onMessage(payload: Uint8Array): void {
    const json = parseJson(payload)
    if (json === undefined) throw new ControlError('malformed', 'a message is not JSON')
    this.#events.onMessage(json)
  }

  onEndOfStream(payload: Uint8Array): void {
    const { error } = (parseJson(payload) ?? {}) as { readonly error?: unknown }
    if (error === undefined) this.#events.resolve()
    else this.#events.reject(toControlError(error, 200))
  }

  onEnd(trailers: Fields | undefined): void {
    this.#refusal?.onEnd(trailers)
    this.#events.reject(new ControlError('unreachable', 'the stream ended without saying why'))
  }

  onAbort(reset: StreamReset): void {
    this.#events.reject(new ControlError('unreachable', reset.detail))
  }

  onWritable(): void {}
}
