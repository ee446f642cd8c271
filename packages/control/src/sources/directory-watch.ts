import { type FSWatcher, watch } from 'node:fs'

/** More directories than this are left to polling: a host's watches are few and shared by all. */
const MAX_WATCHED = 512

/**
 * Watches directories for hints that something may have changed. A hint can be missing (network file systems, a host out
 * of watches) or mean nothing: whoever uses it looks for himself, and now and then without a hint.
 */
export class DirectoryWatch {
  readonly #hint: () => void
  readonly #watchers = new Map<string, FSWatcher>()

  constructor(hint: () => void) {
    this.#hint = hint
  }

  /** Watches exactly these from now on, as far as the host lets it. */
  setDirectories(paths: readonly string[]): void {
    const wanted = new Set(paths.slice(0, MAX_WATCHED))
    for (const [path, watcher] of this.#watchers) {
      if (wanted.has(path)) continue
      watcher.close()
      this.#watchers.delete(path)
    }
    for (const path of wanted) if (!this.#watchers.has(path)) this.#watch(path)
  }

  close(): void {
    this.setDirectories([])
  }

  #watch(path: string): void {
    try {
      const watcher = watch(path, { persistent: false }, this.#hint)
      watcher.on('error', () => this.#drop(path, watcher))
      this.#watchers.set(path, watcher)
    } catch {
      // Out of watches, or gone in the meantime: polling sees to it.
    }
  }

  #drop(path: string, watcher: FSWatcher): void {
    watcher.close()
    if (this.#watchers.get(path) === watcher) this.#watchers.delete(path)
  }
}
