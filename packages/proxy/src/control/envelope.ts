import { copyOf } from '@heddle/base/copy-of'
import { ControlError } from './control-error.ts'

/*
 * Messages of a Connect stream: https://connectrpc.com/docs/protocol/#streaming-request
 *
 *   1 octet flags | 4 octets length, big-endian | payload
 */
const HEAD_BYTES = 5
const COMPRESSED = 0x01
const END_OF_STREAM = 0x02

/** One message, in an envelope. */
export function writeEnvelope(payload: Uint8Array): Uint8Array {
  const envelope = new Uint8Array(HEAD_BYTES + payload.length)
  new DataView(envelope.buffer).setUint32(1, payload.length)
  envelope.set(payload, HEAD_BYTES)
  return envelope
}

/** Gets what an {@link EnvelopeReader} found. `payload` is valid during the call only. */
export interface EnvelopeReceiver {
  onMessage(payload: Uint8Array): void
  /** The last one: how the stream ended. */
  onEndOfStream(payload: Uint8Array): void
}

/** Finds the envelopes in octets, wherever they are split. */
export class EnvelopeReader {
  readonly #receiver: EnvelopeReceiver
  readonly #maxBytes: number
  #held: Uint8Array = new Uint8Array(0)

  /** @param maxBytes - of one payload; a longer one is refused before it is gathered */
  constructor(receiver: EnvelopeReceiver, maxBytes: number) {
    this.#receiver = receiver
    this.#maxBytes = maxBytes
  }

  /** @throws {ControlError} malformed: compressed, which was not offered, or too long */
  receive(bytes: Uint8Array): void {
    let rest = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    for (let length = this.#payloadLength(rest); length !== undefined; length = this.#payloadLength(rest)) {
      if (rest.length < HEAD_BYTES + length) break
      const payload = rest.subarray(HEAD_BYTES, HEAD_BYTES + length)
      if ((rest[0]! & END_OF_STREAM) === 0) this.#receiver.onMessage(payload)
      else this.#receiver.onEndOfStream(payload)
      rest = rest.subarray(HEAD_BYTES + length)
    }
    this.#held = copyOf(rest, 0, rest.length)
  }

  #payloadLength(bytes: Uint8Array): number | undefined {
    if (bytes.length < HEAD_BYTES) return undefined
    if ((bytes[0]! & COMPRESSED) !== 0)
      throw new ControlError('malformed', 'a compressed message that nobody asked for')
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(1)
    if (length > this.#maxBytes) throw new ControlError('malformed', `a message of ${length} octets`)
    return length
  }
}
