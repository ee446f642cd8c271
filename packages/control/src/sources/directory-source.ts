import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { formatRef, type MeshObject } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import { type Clock, monotonicMs, type Timer } from '@heddle/base/clock'
import { messageOf } from '@heddle/base/message-of'
import { diffObjects } from './diff-objects.ts'
import { DirectoryWatch } from './directory-watch.ts'
import type { ObjectEdit } from './object-edit.ts'
import { EditError, type ObjectStore, type PreparedEdit } from './object-store.ts'
import { prepareEdit } from './prepare-edit.ts'
import { readScan, readTexts } from './read-manifests.ts'
import { type Scan, scanDirectory } from './scan-directory.ts'
import type { Source, SourceListener, SourceStatus } from './source.ts'
import { writeFiles } from './write-files.ts'

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
/** Below the directory: where objects are written that are in no file yet. */
const APPLIED = 'applied'

/**
 * Configuration in files. A set of files with any error is refused whole: the objects of the last good one stay in
 * force, and the problems are shown until all is well again.
 */
export function directorySource(options: DirectorySourceOptions): Source {
  return new DirectorySource(options)
}

class DirectorySource implements Source, ObjectStore {
  readonly #path: string
  readonly #clock: Clock
  readonly #debounceMs: number
  readonly #pollMs: number
  #objects: readonly MeshObject[] = []
  #status: SourceStatus = { problems: [], appliedMs: 0 }
  #signature: string | undefined
  #timer: Timer | undefined
  #isReading = false
  /** The present reading or writing, or the last one. */
  #turn: Promise<void> = Promise.resolve()
  #lookNow: (() => Promise<void>) | undefined
  #fileOf: ReadonlyMap<string, string> = new Map()
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

  fileOf(ref: ObjectRef): string | undefined {
    return this.#fileOf.get(formatRef(ref))
  }

  status(): SourceStatus {
    return this.#status
  }

  get store(): ObjectStore {
    return this
  }

  async prepare(edit: ObjectEdit): Promise<PreparedEdit> {
    const scan = await scanDirectory(this.#path)
    return prepareEdit(await readTexts(scan), edit, (ref) => this.#newPath(ref, scan))
  }

  async commit(prepared: PreparedEdit): Promise<void> {
    while (this.#isReading) await this.#turn
    this.#isReading = true
    const written = this.#write(prepared)
    this.#turn = written.catch(() => undefined)
    try {
      await written
    } finally {
      this.#isReading = false
    }
    await this.#lookNow?.()
  }

  async start(listener: SourceListener, signal: AbortSignal): Promise<void> {
    const watch = new DirectoryWatch(() => this.#hinted(look, signal))
    const look = () => void this.#look(listener, watch, signal)
    this.#lookNow = () => this.#look(listener, watch, signal)
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
    this.#turn = this.#lookOnce(listener, watch, signal)
    await this.#turn
  }

  async #lookOnce(listener: SourceListener, watch: DirectoryWatch, signal: AbortSignal): Promise<void> {
    this.#hintedAtMs = undefined
    const scan = await scanDirectory(this.#path)
    const above = { path: dirname(this.#path), identity: '' }
    if (!signal.aborted) watch.setDirectories(scan.directories.length > 0 ? scan.directories : [above])
    if (scan.signature !== this.#signature) await this.#read(scan, listener, signal)
    this.#isReading = false
    const delayMs = this.#hintedAtMs === undefined ? this.#pollMs : this.#debounceMs
    this.#lookAfter(delayMs, () => void this.#look(listener, watch, signal), signal)
  }

  /** Nothing is read while some of the files are written and others not. */
  async #write({ writes, signature }: PreparedEdit): Promise<void> {
    const scan = await scanDirectory(this.#path)
    if (scan.signature !== signature) {
      throw new EditError('the configuration has changed in the meantime; try again', { isStale: true })
    }
    try {
      await writeFiles(writes)
    } catch (cause) {
      const why = messageOf(cause)
      throw new EditError(`nothing was changed, because a file cannot be written: ${why}`, { isStale: false, cause })
    }
  }

  /** By name, with what no name may have between its parts. */
  #newPath({ kind, namespace, name }: ObjectRef, scan: Scan): string {
    if (scan.directories.length === 0) return this.#path
    return join(this.#path, APPLIED, `${namespace === '' ? '_cluster' : namespace}.${kind.toLowerCase()}.${name}.yaml`)
  }

  /** Waits until it is quiet, though not for ever: something else may write into the directory all the time. */
  #hinted(look: () => void, signal: AbortSignal): void {
    const nowMs = monotonicMs(this.#clock)
    this.#hintedAtMs ??= nowMs
    if (this.#isReading || nowMs - this.#hintedAtMs > MAX_DEBOUNCES * this.#debounceMs) return
    this.#lookAfter(this.#debounceMs, look, signal)
  }

  async #read(scan: Scan, listener: SourceListener, signal: AbortSignal): Promise<void> {
    const { objects, problems, isComplete, fileOf } = await readScan(this.#path, scan)
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
    this.#fileOf = fileOf
    this.#status = { problems, appliedMs: this.#clock.nowMs() }
    if (change.upserted.length + change.removed.length > 0) listener.onChange(change)
    listener.onStatus(this.#status)
  }

  #lookAfter(delayMs: number, look: () => void, signal: AbortSignal): void {
    this.#timer?.cancel()
    if (!signal.aborted) this.#timer = this.#clock.after(delayMs, look)
  }
}
