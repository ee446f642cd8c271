import { closeSync, openSync, renameSync, writeSync } from 'node:fs'

const MOST_BYTES = 8 * 1024 * 1024
const TAIL_LINES = 20
const TAIL_BYTES = 16 * 1024

/**
 * Output of a process, in a file that is set aside once when it grows over 8 MiB, so that at most twice as much is kept.
 * A full disk loses output, never more than that.
 */
export class LogFile {
  readonly path: string
  #descriptor: number | undefined
  #bytes = 0
  #tail = ''

  /** Begins a new file; what an earlier run wrote is gone. */
  constructor(path: string) {
    this.path = path
    this.#open()
  }

  write(chunk: Buffer): void {
    this.#tail = (this.#tail + chunk.toString('utf8')).slice(-TAIL_BYTES)
    if (this.#bytes > MOST_BYTES) this.#rotate()
    if (this.#descriptor === undefined) return
    try {
      writeSync(this.#descriptor, chunk)
      this.#bytes += chunk.length
    } catch {
      // Nothing to be done about a full disk here; the tail in memory still explains a crash.
    }
  }

  /** The last lines written. */
  tail(): readonly string[] {
    return this.#tail.trimEnd().split('\n').slice(-TAIL_LINES)
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #rotate(): void {
    this.close()
    try {
      renameSync(this.path, `${this.path}.1`)
    } catch {
      // It is opened anew either way.
    }
    this.#open()
  }

  #open(): void {
    try {
      this.#descriptor = openSync(this.path, 'w', 0o600)
      this.#bytes = 0
    } catch {
      this.#descriptor = undefined
    }
  }
}
