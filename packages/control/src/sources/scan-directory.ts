import type { BigIntStats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileProblem, MAX_FILE_CHARACTERS } from '@heddle/api/manifest'
import type { Problem } from '@heddle/api/manifest/problem'

/** What a directory holds, without the contents of its files. */
export interface Scan {
  /** In the order of their paths. */
  readonly files: readonly string[]
  /** All that was looked into: whoever watches these hears of every change. */
  readonly directories: readonly string[]
  readonly problems: readonly Problem[]
  /** Differs whenever a file came, went, or may have other contents. */
  readonly signature: string
}

const EXTENSION = /\.(ya?ml|json)$/
const MAX_FILES = 10_000
const MAX_DIRECTORIES = 10_000

/**
 * Finds `*.yaml`, `*.yml` and `*.json` below `root`, which may be one such file itself. Links are followed, each
 * directory once, so loops do no harm. Names that begin with a dot and `node_modules` are passed over. Never rejects:
 * what cannot be read becomes a problem.
 */
export async function scanDirectory(root: string): Promise<Scan> {
  const scanner = new Scanner()
  await scanner.scanRoot(root)
  return scanner.result()
}

class Scanner {
  readonly #files: string[] = []
  readonly #directories: string[] = []
  readonly #problems: Problem[] = []
  readonly #signature: string[] = []
  readonly #seen = new Set<string>()

  async scanRoot(root: string): Promise<void> {
    const stats = await this.#stat(root)
    if (stats?.isDirectory()) await this.#scanDirectory(root)
    else if (stats !== undefined) this.#addFile(root, stats)
  }

  result(): Scan {
    const signature = [...this.#signature, ...this.#problems.map(({ file, reason }) => `${file} ${reason}`)].join('\n')
    return { files: this.#files, directories: this.#directories, problems: this.#problems, signature }
  }

  async #scanDirectory(path: string): Promise<void> {
    const names = await this.#list(path)
    if (names === undefined) return
    this.#directories.push(path)
    for (const name of names.sort()) {
      if (name.startsWith('.') || name === 'node_modules') continue
      const entry = join(path, name)
      const stats = await this.#stat(entry, EXTENSION.test(name) ? 'must exist' : 'may be gone')
      if (stats?.isDirectory()) await this.#scanDirectory(entry)
      else if (stats !== undefined && EXTENSION.test(name)) this.#addFile(entry, stats)
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

  async #stat(path: string, whenGone: 'must exist' | 'may be gone' = 'must exist'): Promise<BigIntStats | undefined> {
    try {
      return await stat(path, { bigint: true })
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
  return words[code] ?? `cannot be read: ${error instanceof Error ? error.message : String(error)}`
}
