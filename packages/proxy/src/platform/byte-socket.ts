/** What is heard of a {@link ByteSocket}. */
export interface ByteSocketEvents {
  data: [bytes: Buffer]
  /** The other side has ended its sending, and all that it sent was heard. */
  end: []
  error: [error: Error]
  /** The last that is heard. */
  close: [hadError: boolean]
  /** What `write` kept is written. */
  drain: []
}

/**
 * What the data path needs of a connection: a part of what `node:net` offers, with the same meaning, so that any of its sockets is one.
 * It says nothing for sure before `resume` is called, and stays open for writing after the other side has ended.
 */
export interface ByteSocket {
  readonly destroyed: boolean
  /** Whether 'end' was heard. */
  readonly readableEnded: boolean
  readonly writable: boolean
  /** Octets that wait to be written. */
  readonly writableLength: number
  /** `undefined` once it is closed. */
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
  on<Name extends keyof ByteSocketEvents>(name: Name, listener: (...values: ByteSocketEvents[Name]) => void): this
  once<Name extends keyof ByteSocketEvents>(name: Name, listener: (...values: ByteSocketEvents[Name]) => void): this
  off<Name extends keyof ByteSocketEvents>(name: Name, listener: (...values: ByteSocketEvents[Name]) => void): this
  pause(): this
  resume(): this
  /** Puts octets back, to be heard again before all others. */
  unshift(bytes: Uint8Array): void
  /**
   * The octets must not change before they are written.
   *
   * @param written - called once they are, and nothing else waits
   * @returns false: the caller should wait for 'drain'
   */
  write(bytes: Uint8Array, written?: () => void): boolean
  /** @param finished - called once all is written, and the other side is being told of the end */
  end(finished?: () => void): unknown
  destroy(): unknown
  /** Ends it with RST. */
  resetAndDestroy(): unknown
}
