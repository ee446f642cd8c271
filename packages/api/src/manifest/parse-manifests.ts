import { compareTexts } from '@heddle/base/compare-texts'
import { formatRef, type MeshObject, refOf } from '../kinds/mesh-object.ts'
import type { ObjectRef } from '../kinds/object-meta.ts'
import { checkTogether } from './check-together.ts'
import type { ManifestEntry } from './manifest-set.ts'
import type { Problem } from './problem.ts'
import { type RawObject, readDocuments } from './read-documents.ts'
import { readObject, statedName } from './read-object.ts'

/** A file as it was read. */
export interface ManifestFile {
  /** As it is to be shown in problems. */
  readonly path: string
  readonly text: string
}

/** What a set of files says, as far as it can be read. */
export interface Manifests {
  /** All objects without an error of their own, with defaults filled in; not to be applied while `problems` holds an error. */
  readonly objects: readonly MeshObject[]
  /** Path of the file that an object is from, by `formatRef`: relative paths in a Workload start there. */
  readonly fileOf: ReadonlyMap<string, string>
  /** What the files give of kinds that mean nothing outside a cluster. */
  readonly notActedOn: readonly ObjectRef[]
  /** Sorted by file, line and column; at most {@link MAX_PROBLEMS} of them. */
  readonly problems: readonly Problem[]
}

/**
 * A file above this many characters is refused unread. The parser takes some 2 µs for each of the worst, and nothing else is
 * done meanwhile.
 */
export const MAX_FILE_CHARACTERS = 256 * 1024
/** A set of files with more objects is refused. */
export const MAX_OBJECTS = 25_000
/** Who has more to repair than this starts with these. */
export const MAX_PROBLEMS = 500

/** What the outcome depends on beside the files. */
export interface ParseOptions {
  /** Wall time in ms, to tell faults that are over; absent: the time is not looked at. */
  readonly nowMs?: number
}

/** Reads objects from YAML or JSON text, checks each against its kind and all against each other. Pure; never throws. */
export function parseManifests(files: readonly ManifestFile[], options: ParseOptions = {}): Manifests {
  const parser = new ManifestParser(options)
  for (const file of files) parser.add(file)
  return parser.finish()
}

/** {@link parseManifests} file by file, for who has other things to do between: a thousand objects take some 200 ms. */
export class ManifestParser {
  readonly #entries: ManifestEntry[] = []
  readonly #refused: RawObject[] = []
  readonly #notActedOn: ObjectRef[] = []
  readonly #problems: Problem[] = []
  readonly #nowMs: number | undefined
  #hasUnread = false

  constructor({ nowMs }: ParseOptions = {}) {
    this.#nowMs = nowMs
  }

  /** Reads a file and checks each of its objects. Never throws. */
  add(file: ManifestFile): void {
    const { objects, problems } = readFile(file)
    for (const problem of problems) this.#problems.push(problem)
    if (problems.some(isError)) this.#hasUnread = true
    for (const raw of objects) {
      const { object, findings } = readObject(raw.value)
      for (const finding of findings.slice(0, MAX_PROBLEMS)) this.#problems.push(raw.problem(finding))
      if (object === undefined) this.#refused.push(raw)
      else this.#entries.push({ object, raw })
      if (object === undefined && !findings.some(isError)) this.#notActedOn.push(statedName(raw.value))
    }
  }

  /** There is a file that cannot be read: what the others miss may be in it. */
  addUnread(): void {
    this.#hasUnread = true
  }

  /** Checks the objects against each other. */
  finish(): Manifests {
    const objects = this.#entries.map(({ object }) => object)
    const fileOf = new Map(this.#entries.map(({ object, raw }) => [formatRef(refOf(object)), raw.file]))
    const problems = [...this.#problems, ...this.#checkAll()]
    return { objects, fileOf, notActedOn: this.#notActedOn, problems: inOrder(problems) }
  }

  #checkAll(): readonly Problem[] {
    const [first] = this.#entries
    if (first === undefined || this.#entries.length <= MAX_OBJECTS) {
      return checkTogether(this.#entries, { objects: this.#refused, hasUnread: this.#hasUnread }, this.#nowMs)
    }
    return [fileProblem(first.raw.file, `more than ${MAX_OBJECTS} objects in one set of files`)]
  }
}

function readFile({ path, text }: ManifestFile): ReturnType<typeof readDocuments> {
  if (text.length <= MAX_FILE_CHARACTERS) return readDocuments(path, text)
  return { objects: [], problems: [fileProblem(path, `has more than ${MAX_FILE_CHARACTERS} characters`)] }
}

/** A problem of a file as a whole. */
export function fileProblem(file: string, reason: string): Problem {
  return { severity: 'error', file, line: 0, column: 0, field: '', reason }
}

function isError({ severity }: Pick<Problem, 'severity'>): boolean {
  return severity === 'error'
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const sorted = problems.toSorted(compareProblems)
  if (sorted.length <= MAX_PROBLEMS) return sorted
  const errors = sorted.filter(isError)
  const shown = (errors.length > 0 ? errors : sorted).slice(0, MAX_PROBLEMS - 1)
  const { file, severity } = shown.at(-1)!
  const rest = { ...fileProblem(file, `and ${sorted.length - shown.length} more problems`), severity }
  return [...shown, rest]
}

function compareProblems(a: Problem, b: Problem): number {
  return compareTexts(a.file, b.file) || a.line - b.line || a.column - b.column
}
