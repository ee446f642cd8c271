import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

type Fingerprints = ReadonlyMap<string, string>

/** Parts of the tree whose tests passed, each with its fingerprint then, by the runtime; kept in `file`. */
export class PassedTests {
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  /** Those of `parts` that are now as they were when their tests passed on `runtime`. */
  unchanged(runtime: string, parts: Fingerprints): readonly string[] {
    const passed = this.#read()[runtime] ?? {}
    return [...parts].filter(([part, fingerprint]) => passed[part] === fingerprint).map(([part]) => part)
  }

  /** Tests of `parts` passed on `runtime`. */
  add(runtime: string, parts: Fingerprints): void {
    const all = this.#read()
    const text = JSON.stringify({ ...all, [runtime]: { ...all[runtime], ...Object.fromEntries(parts) } }, undefined, 2)
    mkdirSync(dirname(this.#file), { recursive: true })
    const fresh = `${this.#file}.${process.pid}`
    writeFileSync(fresh, `${text}\n`)
    renameSync(fresh, this.#file)
  }

  /** What cannot be read is nothing: tests run once more. */
  #read(): Readonly<Record<string, Readonly<Record<string, string>>>> {
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8'))
    } catch {
      return {}
    }
  }
}
