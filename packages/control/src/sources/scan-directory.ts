import type { BigIntStats } from 'node:fs'
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { fileProblem, MAX_FILE_CHARACTERS } from '@heddle/api/manifest'
import type { Problem } from '@heddle/api/manifest/problem'
import { messageOf } from '@heddle/base/message-of'

/** What a directory holds, without the contents of its files. */
export interface Scan {
  /** In the order of their paths. */
  readonly files: readonly string[]
  /** All that was looked into: whoever watches these hears of every change. */
  readonly directories: readonly ScannedDirectory[]
  readonly problems: readonly Problem[]
  /** Differs whenever a file came, went, or may have other contents. */
  readonly signature: string
  /** Real path of the directory, which no link may lead out of; `undefined` where it is a file, or cannot be looked at. */
  readonly boundary: string | undefined
}

/** A directory that was looked into. */
export interface ScannedDirectory {
  readonly path: string
  /** Another where the path stands for another directory by now: it was replaced, or a link was turned. */
  readonly identity: string
}

/** The reason of a problem. */
export const LEADS_OUT = 'is a symbolic link out of the directory: only links within it are followed'

const EXTENSION = /\.(ya?ml|json)$/
const MAX_FILES = 10_000
const MAX_DIRECTORIES = 10_000

/**
 * Finds `*.yaml`, `*.yml` and `*.json` below `root`, which may be one such file itself. Links within `root` are followed,
 * each directory once, so loops do no harm. Those that lead out of it are refused: what is wrong with a file is shown with its
 * lines, so a link would show files of others to whoever may write here. Names that begin with a dot and `node_modules` are
 * passed over. Never rejects: what cannot be read becomes a problem.
 */
export async function scanDirectory(root: string): Promise<Scan> {
  const scanner = new Scanner()
  await scanner.scanRoot(root)
  return scanner.result()
}

class Scanner {
  readonly #files: string[] = []
  readonly #directories: ScannedDirectory[] = []
  readonly #problems: Problem[] = []
  readonly #signature: string[] = []
  readonly #seen = new Set<string>()
  #boundary: string | undefined

  async scanRoot(root: string): Promise<void> {
    try {
      const stats = await stat(root, { bigint: true })
      if (!stats.isDirectory()) return this.#addFile(root, stats)
      this.#boundary = await realpath(root)
      await this.#scanDirectory(root, stats)
    } catch (error) {
      this.#refuse(root, readingReason(error))
    }
  }

  result(): Scan {
    const signature = [...this.#signature, ...this.#problems.map(({ file, reason }) => `${file} ${reason}`)].join('\n')
    const boundary = this.#boundary
    return { files: this.#files, directories: this.#directories, problems: this.#problems, signature, boundary }
  }

  async #scanDirectory(path: string, { dev, ino, birthtimeNs }: BigIntStats): Promise<void> {
    const names = await this.#list(path)
    if (names === undefined) return
    // A file system may give the number of a directory that is gone to the next one.
    this.#directories.push({ path, identity: `${dev} ${ino} ${birthtimeNs}` })
    for (const name of names.sort()) {
      if (name.startsWith('.') || name === 'node_modules') continue
      const entry = join(path, name)
      const isManifest = EXTENSION.test(name)
      const found = await this.#find(entry, isManifest ? 'must exist' : 'may be gone')
      if (found === undefined || !(found.stats.isDirectory() || isManifest)) continue
      if (found.leadsOut) this.#note(entry, LEADS_OUT)
      else if (found.stats.isDirectory()) await this.#scanDirectory(entry, found.stats)
      else this.#addFile(entry, found.stats)
    }
  }

  /** @returns `undefined` for one that was looked into already, or cannot be */
  async #list(path: string): Promise<string[] | undefined> {
    if (this.#directories.length >= MAX_DIRECTORIES)
      return this.#refuse(path, `more than ${MAX_DIRECTORIES} directories`)
    try {
      const real = await realpath(path)
      if (this.#seen.has(real)) return undefined
      this.#seen.add(real)
      return await readdir(path)
    } catch (error) {
      return this.#refuse(path, readingReason(error))
    }
  }

  async #find(path: string, whenGone: 'must exist' | 'may be gone'): Promise<Entry | undefined> {
    try {
      const own = await lstat(path, { bigint: true })
      if (!own.isSymbolicLink()) return { stats: own, leadsOut: false }
      const real = await realpath(path)
      return { stats: await lstat(real, { bigint: true }), leadsOut: !isWithin(real, this.#boundary) }
    } catch (error) {
      return whenGone === 'may be gone' ? undefined : this.#refuse(path, readingReason(error))
    }
  }

  #addFile(path: string, stats: BigIntStats): void {
    const { dev, ino, size, mtimeNs, ctimeNs } = stats
    if (this.#seen.has(`${dev} ${ino}`)) return
    this.#seen.add(`${dev} ${ino}`)
    this.#signature.push(`${path} ${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`)
    if (!stats.isFile()) this.#note(path, 'is not a regular file')
    else if (size > MAX_FILE_CHARACTERS) this.#note(path, `has more than ${MAX_FILE_CHARACTERS} bytes`)
    else if (this.#files.length >= MAX_FILES) this.#note(path, `is one of more than ${MAX_FILES} files`)
    else this.#files.push(path)
  }

  #refuse(path: string, reason: string): undefined {
    this.#note(path, reason)
    return undefined
  }

  #note(file: string, reason: string): void {
    if (this.#problems.length < MAX_FILES) this.#problems.push(fileProblem(file, reason))
  }
}

interface Entry {
  readonly stats: BigIntStats
  /** It is a link, and what it stands for is elsewhere. */
  readonly leadsOut: boolean
}

/** Whether a real path is below a {@link Scan.boundary}, if there is one. */
export function isWithin(real: string, boundary: string | undefined): boolean {
  if (boundary === undefined || real === boundary) return true
  return real.startsWith(boundary.endsWith(sep) ? boundary : boundary + sep)
}

/** Why a file or directory cannot be read, in words. */
export function readingReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? ''
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'does not exist',
    EACCES: 'may not be read by this user',
    EPERM: 'may not be read by this user',
    ELOOP: 'is a loop of symbolic links',
    EMFILE: 'cannot be read: too many files are open',
    ENOTDIR: 'is not a directory',
  }
  return words[code] ?? `cannot be read: ${messageOf(error)}`
}
