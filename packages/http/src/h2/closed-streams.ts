/** How many resets of ours are remembered: twice the streams that can be open at once. */
const ROUNDS = 2

/**
 * Streams that our side reset while the peer may still have been sending on them: what comes is thrown away, within what their
 * windows had left. RFC 9113 §5.1, closed.
 */
export class ClosedStreams {
  readonly #max: number
  #ids: number[] | undefined
  #next = 0
  #discardableBytes = 0

  constructor(maxConcurrentStreams: number) {
    this.#max = Math.max(16, maxConcurrentStreams * ROUNDS)
  }

  add(streamId: number, windowBytes: number): void {
    this.#discardableBytes += Math.max(0, windowBytes)
    this.#ids ??= []
    if (this.#ids.length < this.#max) {
      this.#ids.push(streamId)
      return
    }
    this.#ids[this.#next] = streamId
    this.#next = (this.#next + 1) % this.#max
  }

  has(streamId: number): boolean {
    return this.#ids?.includes(streamId) === true
  }

  /**
   * The peer sent `count` octets on such a stream.
   * @returns false when no window had that many left
   */
  discard(count: number): boolean {
    this.#discardableBytes -= count
    return this.#discardableBytes >= 0
  }
}
