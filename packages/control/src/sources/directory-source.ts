import { dirname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { MeshObject } from '@heddle/api/kinds'
import type { Clock, Timer } from '@heddle/base/clock'
import { diffObjects } from './diff-objects.ts'
import { DirectoryWatch } from './directory-watch.ts'
import { readScan } from './read-manifests.ts'
import { type Scan, scanDirectory } from './scan-directory.ts'
import type { Source, SourceListener, SourceStatus } from './source.ts'

export interface DirectorySourceOptions {
  /** A directory, or one file. */
  readonly path: string
  readonly clock: Clock
  /** How long it must be quiet before a change is read, in ms; default 100. An editor's save is several changes. */
  readonly debounceMs?: number
  /** How often to look without having been told, in ms; default 2,000. */
  readonly pollMs?: number
}

const DEBOUNCE_MS = 100
const POLL_MS = 2_000
const MAX_DEBOUNCES = 10

/**
 * Configuration in files. A set of files with any error is refused whole: the objects of the last good one stay in
 * force, and the problems are shown until all is well again.
 */
export function directorySource(options: DirectorySourceOptions): Source {
  return new DirectorySource(options)
}

class DirectorySource implements Source {
  readonly #path: string
  readonly #clock: Clock
  readonly #debounceMs: number
  readonly #pollMs: number
  #objects: readonly MeshObject[] = []
  #status: SourceStatus = { problems: [], appliedMs: 0 }
  #signature: string | undefined
  #timer: Timer | undefined
  #isReading = false
  #hintedAtMs: number | undefined

  constructor({ path, clock, debounceMs = DEBOUNCE_MS, pollMs = POLL_MS }: DirectorySourceOptions) {
    this.#path = path
    this.#clock = clock
    this.#debounceMs = debounceMs
    this.#pollMs = pollMs
  }

  objects(): readonly MeshObject[] {
    return this.#objects
  }

  status(): SourceStatus {
    return this.#status
  }

  async start(listener: SourceListener, signal: AbortSignal): Promise<void> {
    const watch = new DirectoryWatch(() => this.#hinted(look, signal))
    const look = () => void this.#look(listener, watch, signal)
    const end = () => {
      watch.close()
      this.#timer?.cancel()
    }
    signal.addEventListener('abort', end, { once: true })
    await this.#look(listener, watch, signal)
  }

  /** One reading after the other; each sets the time of the next. */
  async #look(listener: SourceListener, watch: DirectoryWatch, signal: AbortSignal): Promise<void> {
    if (this.#isReading || signal.aborted) return
    this.#isReading = true
    this.#hintedAtMs = undefined
    const scan = await scanDirectory(this.#path)
    if (!signal.aborted) watch.setDirectories(scan.directories.length > 0 ? scan.directories : [dirname(this.#path)])
    if (scan.signature !== this.#signature) await this.#read(scan, listener, signal)
    this.#isReading = false
    const delayMs = this.#hintedAtMs === undefined ? this.#pollMs : this.#debounceMs
    this.#lookAfter(delayMs, () => void this.#look(listener, watch, signal), signal)
  }

  /** Waits until it is quiet, though not for ever: something else may write into the directory all the time. */
  #hinted(look: () => void, signal: AbortSignal): void {
    const nowMs = this.#clock.monotonicUs() / 1000
    this.#hintedAtMs ??= nowMs
    if (this.#isReading || nowMs - this.#hintedAtMs > MAX_DEBOUNCES * this.#debounceMs) return
    this.#lookAfter(this.#debounceMs, look, signal)
  }

  async #read(scan: Scan, listener: SourceListener, signal: AbortSignal): Promise<void> {
    const { objects, problems, isComplete } = await readScan(this.#path, scan)
    if (signal.aborted) return
    const isFirst = this.#signature === undefined
    this.#signature = isComplete ? scan.signature : ''
    if (problems.some((problem) => problem.severity === 'error')) {
      const isNew = isFirst || !isDeepStrictEqual(problems, this.#status.problems)
      this.#status = { problems, appliedMs: this.#status.appliedMs }
      if (isNew) listener.onStatus(this.#status)
      return
    }
    const change = diffObjects(this.#objects, objects)
    this.#objects = objects
    this.#status = { problems, appliedMs: this.#clock.nowMs() }
    if (change.upserted.length + change.removed.length > 0) listener.onChange(change)
    listener.onStatus(this.#status)
  }

  #lookAfter(delayMs: number, look: () => void, signal: AbortSignal): void {
    this.#timer?.cancel()
    if (!signal.aborted) this.#timer = this.#clock.after(delayMs, look)
  }
}
