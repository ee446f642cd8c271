import type { HeldInput } from '../held-input.ts'
import { HttpError } from '../http-error.ts'
import type { Fields } from '../message/fields.ts'

/**
 * Cuts one body out of the octets of a connection. `read` goes on to the next piece of content, or to the end, and leaves
 * what it found in `dataStart` and `dataEnd` (positions within the octets it was given; equal when there is none).
 */
export interface BodyReader {
  readonly dataStart: number
  readonly dataEnd: number
  readonly isDone: boolean
  readonly trailers: Fields | undefined
  /** Octets that certainly have to come still. */
  readonly remaining: number
  /**
   * @returns where to read on; `at` itself when nothing can be done before more octets come, which then have to be given
   *   again together with those
   * @throws {HttpError} bad_chunk, bad_field, head_too_large
   */
  read(bytes: Uint8Array, at: number, end: number): number
  /**
   * The peer's FIN. `undefined`: that is how the body ends; else what is wrong.
   * @param held - octets that {@link read} could not use yet
   */
  end(held: HeldInput | undefined): HttpError | undefined
}

/** A body of Content-Length octets. RFC 9112 §6.2. */
export class LengthBody implements BodyReader {
  dataStart = 0
  dataEnd = 0
  readonly trailers = undefined
  remaining: number

  constructor(length: number) {
    this.remaining = length
  }

  get isDone(): boolean {
    return this.remaining === 0
  }

  read(_bytes: Uint8Array, at: number, end: number): number {
    this.dataStart = at
    this.dataEnd = Math.min(end, at + this.remaining)
    this.remaining -= this.dataEnd - at
    return this.dataEnd
  }

  end(): HttpError {
    return new HttpError('incomplete_message', `the connection ended ${this.remaining} octets before the body`)
  }
}

/** A body that ends with the connection: answers without length. RFC 9112 §6.3, last rule. */
export class CloseBody implements BodyReader {
  dataStart = 0
  dataEnd = 0
  isDone = false
  readonly trailers = undefined
  readonly remaining = 0

  read(_bytes: Uint8Array, at: number, end: number): number {
    this.dataStart = at
    this.dataEnd = end
    return end
  }

  end(): undefined {
    this.isDone = true
  }
}
