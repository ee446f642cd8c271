import { Buffer } from 'node:buffer'
import type { Transport } from '../src/session.ts'

/** A transport that keeps what is written and what is asked of it. */
export class RecordingTransport implements Transport {
  /** Whether `write` says that all is with the kernel. */
  takesAll = true
  isFlushWanted = false
  isPaused = false
  isEnded = false
  isAborted = false
  writes = 0
  readonly #written: Buffer[] = []

  write(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.isEnded || this.isAborted) throw new Error('a write after the end')
    this.writes += 1
    this.#written.push(Buffer.copyBytesFrom(bytes, start, end - start))
    return this.takesAll
  }

  wantsFlush(): void {
    if (this.isFlushWanted) throw new Error('wantsFlush was called twice')
    this.isFlushWanted = true
  }

  pauseReading(): void {
    if (this.isPaused) throw new Error('paused twice')
    this.isPaused = true
  }

  resumeReading(): void {
    if (!this.isPaused) throw new Error('resumed twice')
    this.isPaused = false
  }

  end(): void {
    if (this.isEnded) throw new Error('ended twice')
    this.isEnded = true
  }

  abort(): void {
    this.isAborted = true
  }

  /** All that was written since the last call. */
  take(): string {
    return this.takeBytes().toString('latin1')
  }

  /** Likewise, as octets. */
  takeBytes(): Buffer {
    return Buffer.concat(this.#written.splice(0))
  }
}

interface Flushable {
  flush(): void
}

/** The end of a turn: flushes as long as that is wanted. */
export function endTurn(session: Flushable, transport: RecordingTransport): void {
  while (transport.isFlushWanted) {
    transport.isFlushWanted = false
    session.flush()
  }
}
