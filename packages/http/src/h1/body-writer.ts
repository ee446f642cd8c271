import type { Fields } from '../message/fields.ts'
import { isTrailerName } from '../message/trailer-names.ts'
import type { Output } from '../output.ts'
import type { Framing } from './framing.ts'

/** Writes one body in its framing. */
export class BodyWriter {
  readonly framing: Framing
  readonly #output: Output
  #remaining: number

  /** @param length - octets of the body; of no meaning but for `length` */
  constructor(output: Output, framing: Framing, length: number | undefined) {
    this.#output = output
    this.framing = framing
    this.#remaining = framing === 'length' ? (length ?? 0) : 0
  }

  /** Whether `count` more octets are no more than were announced. */
  mayWrite(count: number): boolean {
    return this.framing !== 'length' || count <= this.#remaining
  }

  /** Whether all that was announced was written. */
  get mayEnd(): boolean {
    return this.#remaining === 0
  }

  /** @returns false when the caller should wait */
  write(bytes: Uint8Array, start: number, end: number): boolean {
    // An empty chunk would be the last one.
    if (end > start) this.#write(bytes, start, end)
    return !this.#output.isBlocked
  }

  end(trailers: Fields | undefined): void {
    if (this.framing !== 'chunked') return
    this.#output.writeText(trailers === undefined ? '0\r\n\r\n' : `0\r\n${trailers.format(isTrailerName)}\r\n`)
  }

  #write(bytes: Uint8Array, start: number, end: number): void {
    switch (this.framing) {
      case 'none':
        return
      case 'chunked':
        this.#output.writeText(`${(end - start).toString(16)}\r\n`)
        this.#output.writeBytes(bytes, start, end)
        this.#output.writeText('\r\n')
        return
      case 'length':
        this.#remaining -= end - start
        this.#output.writeBytes(bytes, start, end)
        return
      case 'until-close':
      case 'opaque':
        this.#output.writeBytes(bytes, start, end)
        return
    }
  }
}
