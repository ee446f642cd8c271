import { type FSWatcher, watch } from 'node:fs'
import type { ScannedDirectory } from './scan-directory.ts'

/** More directories than this are left to polling: a host's watches are few and shared by all. */
const MAX_WATCHED = 512

/**
 * Watches directories for hints that something may have changed. A hint can be missing (network file systems, a host out
 * of watches) or mean nothing: whoever uses it looks for himself, and now and then without a hint.
 */
export class DirectoryWatch {
  readonly #hint: () => void
  /** By path and identity: a watch stays with its directory when another one takes the path. */
  readonly #watchers = new Map<string, FSWatcher>()

  constructor(hint: () => void) {
    this.#hint = hint
  }

  /** Watches exactly these from now on, as far as the host lets it. */
  setDirectories(directories: readonly ScannedDirectory[]): void {
    const wanted = new Map(directories.slice(0, MAX_WATCHED).map(({ path, identity }) => [`${path} ${identity}`, path]))
    for (const [key, watcher] of this.#watchers) {
      if (wanted.has(key)) continue
      watcher.close()
      this.#watchers.delete(key)
    }
    for (const [key, path] of wanted) if (!this.#watchers.has(key)) this.#watch(key, path)
  }

  close(): void {
    this.setDirectories([])
  }

  #watch(key: string, path: string): void {
    try {
      const watcher = watch(path, { persistent: false }, this.#hint)
      watcher.on('error', () => this.#drop(key, watcher))
      this.#watchers.set(key, watcher)
    } catch {
      // Out of watches, or gone in the meantime: polling sees to it.
    }
  }

  #drop(key: string, watcher: FSWatcher): void {
    watcher.close()
    if (this.#watchers.get(key) === watcher) this.#watchers.delete(key)
  }
}
