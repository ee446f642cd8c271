import type { FrameWriter } from './frame-writer.ts'

/** Windows of streams are so large that no stream here ends one; that of the connection has to be given back. */
export const STREAM_WINDOW_BYTES = 2 ** 30

/** Gives back the window of a connection as DATA frames come. */
export class ReceivedCount {
  readonly #out: FrameWriter
  #bytes = 0

  constructor(out: FrameWriter) {
    this.#out = out
  }

  add(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes < STREAM_WINDOW_BYTES / 2) return
    this.#out.windowUpdate(0, this.#bytes)
    this.#bytes = 0
  }
}
