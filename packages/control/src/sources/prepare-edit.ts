import { setImmediate } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { formatRef, type MeshObject, refOf } from '@heddle/api/kinds'
import { fileProblem, type ManifestFile, ManifestParser, type Manifests } from '@heddle/api/manifest'
import type { Problem } from '@heddle/api/manifest/problem'
import { type EditedFiles, editFiles, type FileWrite, type NewObjectPath, type ObjectEdit } from './object-edit.ts'
import type { PreparedEdit } from './object-store.ts'

/** The files of a directory as they were read. */
export interface ReadFiles {
  /** By path, in order. */
  readonly texts: ReadonlyMap<string, string>
  /** Of files that could not be read. */
  readonly problems: readonly Problem[]
  readonly signature: string
}

/**
 * Says what an edit would make of files, and checks all of that together. Problems of what is given have its own files and
 * lines, others those of the files there are. Writes nothing; lets others work between two files.
 */
export async function prepareEdit(files: ReadFiles, asked: ObjectEdit, newPath: NewObjectPath): Promise<PreparedEdit> {
  const edit = { ...asked, files: asked.files.map(withoutByteOrderMark) }
  const given = await parse(edit.files)
  const edited = editFiles(files.texts, { ...edit, objects: given.objects }, newPath)
  // A file that is given as it lies there has nothing else to say, and its mistakes are named where they were given.
  const same = new Set(edit.files.map(({ text }) => text))
  const others = [...edited.rest].filter(([path]) => !same.delete(files.texts.get(path)!))
  const rest = others.map(([path, text]) => ({ path, text }))
  const whole = await parse([...edit.files, ...rest])
  // Warnings of what is there already were said when it came.
  const paths = new Set(edit.files.map(({ path }) => path))
  const found = whole.problems.filter(({ severity, file }) => severity === 'error' || paths.has(file))
  const faults = [...files.problems, ...edited.problems, ...found]
  const problems = hasError(faults) ? faults : [...faults, ...(await findMiswritten(edited, given.objects))]
  return {
    problems: [...problems, ...findDoubts(given.objects, edit)],
    given: given.objects,
    notActedOn: given.notActedOn,
    objects: whole.objects,
    fileOf: edited.fileOf,
    writes: edited.writes.filter(({ before, after }) => before !== after),
    signature: files.signature,
  }
}

/** Whether something is wrong, and not only to be warned of. */
export function hasError(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'error')
}

/** It may only be at the beginning of a file, and what is given may come to stand behind something else. */
function withoutByteOrderMark({ path, text }: ManifestFile): ManifestFile {
  return { path, text: text.replace(/^\uFEFF/, '') }
}

async function parse(files: readonly ManifestFile[]): Promise<Manifests> {
  const parser = new ManifestParser()
  for (const file of files) {
    parser.add(file)
    await setImmediate()
  }
  return parser.finish()
}

/** Reads what would be written: should the text come to mean something else in its new place, nothing is written. */
async function findMiswritten({ writes }: EditedFiles, given: readonly MeshObject[]): Promise<Problem[]> {
  const { objects } = await parse(
    writes.flatMap(({ path, after }: FileWrite) => (after === undefined ? [] : { path, text: after })),
  )
  const written = new Map(objects.map((object) => [formatRef(refOf(object)), object]))
  const lost = given.find((object) => !isDeepStrictEqual(written.get(formatRef(refOf(object))), object))
  if (lost === undefined) return []
  const key = formatRef(refOf(lost))
  return [fileProblem('', `${key} cannot be written so that it is read as it was given; write it into a file by hand`)]
}

function findDoubts(given: readonly MeshObject[], { remove }: ObjectEdit): Problem[] {
  const keys = new Set(given.map((object) => formatRef(refOf(object))))
  const both = remove.map(formatRef).filter((key) => keys.has(key))
  return both.map((key) => fileProblem('', `${key} is both given and to be removed`))
}
