import type { MeshObject } from '../kinds/mesh-object.ts'
import { checkTogether } from './check-together.ts'
import type { ManifestEntry } from './manifest-set.ts'
import type { Problem } from './problem.ts'
import { type RawObject, readDocuments } from './read-documents.ts'
import { readObject } from './read-object.ts'

/** A file as it was read. */
export interface ManifestFile {
  /** As it is to be shown in problems. */
  readonly path: string
  readonly text: string
}

export interface Manifests {
  /** All objects without an error of their own, with defaults filled in; not to be applied while `problems` holds an error. */
  readonly objects: readonly MeshObject[]
  /** Sorted by file, line and column; at most {@link MAX_PROBLEMS} of them. */
  readonly problems: readonly Problem[]
}

/** A file above this many characters is refused unread. */
export const MAX_FILE_CHARACTERS = 1 << 20
/** A set of files with more objects is refused. */
export const MAX_OBJECTS = 10_000
/** Who has more to repair than this starts with these. */
export const MAX_PROBLEMS = 500

/** Reads objects from YAML or JSON text, checks each against its kind and all against each other. Pure; never throws. */
export function parseManifests(files: readonly ManifestFile[]): Manifests {
  const problems: Problem[] = []
  const entries: ManifestEntry[] = []
  const refused: RawObject[] = []
  for (const file of files) {
    const reading = readFile(file)
    problems.push(...reading.problems)
    for (const raw of reading.objects) {
      const { object, findings } = readObject(raw.value)
      for (const finding of findings.slice(0, MAX_PROBLEMS)) problems.push(raw.problem(finding))
      if (object === undefined) refused.push(raw)
      else entries.push({ object, raw })
    }
  }
  const tooMany = files.length > 0 && entries.length > MAX_OBJECTS
  if (tooMany) problems.push(fileProblem(files[0]!.path, `more than ${MAX_OBJECTS} objects in one set of files`))
  else problems.push(...checkTogether(entries, refused))
  return { objects: entries.map((entry) => entry.object), problems: inOrder(problems) }
}

function readFile({ path, text }: ManifestFile): ReturnType<typeof readDocuments> {
  if (text.length <= MAX_FILE_CHARACTERS) return readDocuments(path, text)
  return { objects: [], problems: [fileProblem(path, `has more than ${MAX_FILE_CHARACTERS} characters`)] }
}

/** A problem of a file as a whole. */
export function fileProblem(file: string, reason: string): Problem {
  return { severity: 'error', file, line: 0, column: 0, field: '', reason }
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const sorted = problems.toSorted(compareProblems)
  if (sorted.length <= MAX_PROBLEMS) return sorted
  const errors = sorted.filter((problem) => problem.severity === 'error')
  const shown = (errors.length > 0 ? errors : sorted).slice(0, MAX_PROBLEMS - 1)
  const { file, severity } = shown.at(-1)!
  const rest = { ...fileProblem(file, `and ${sorted.length - shown.length} more problems`), severity }
  return [...shown, rest]
}

function compareProblems(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line || a.column - b.column
}
