/** The newline that ends each event of a watch. */
const NEWLINE = 0x0a

/** What a chunk completed: lines without their ends, or that one of them is longer than allowed. */
export type Lines = { readonly kind: 'lines'; readonly lines: readonly string[] } | { readonly kind: 'too_long' }

/**
 * Cuts a stream of bytes into lines of UTF-8. Holds at most one line that is not complete, of at most `maxBytes`.
 */
export class LineReader {
  readonly #maxBytes: number
  #parts: Uint8Array[] = []
  #heldBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Takes what came; it may end anywhere, also inside a character. Empty lines are left out. */
  push(chunk: Uint8Array): Lines {
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      if (this.#heldBytes + end - start > this.#maxBytes) return { kind: 'too_long' }
      const line = this.#complete(chunk.subarray(start, end))
      if (line !== '') lines.push(line)
      start = end + 1
    }
    return this.#hold(chunk.subarray(start)) ? { kind: 'lines', lines } : { kind: 'too_long' }
  }

  #complete(last: Uint8Array): string {
    const parts = this.#parts.length === 0 ? [last] : [...this.#parts, last]
    this.#parts = []
    this.#heldBytes = 0
    return Buffer.concat(parts).toString().trim()
  }

  #hold(rest: Uint8Array): boolean {
    this.#heldBytes += rest.length
    if (rest.length > 0) this.#parts.push(rest)
    return this.#heldBytes <= this.#maxBytes
  }
}
