import { formatRef, type MeshObject, refOf } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import { fileProblem, type ManifestFile } from '@heddle/api/manifest'
import type { Problem } from '@heddle/api/manifest/problem'
import { type DocumentText, refOfManifest, splitDocuments } from '@heddle/api/manifest/split-documents'
import { stringifyManifest } from '@heddle/api/manifest/stringify'

/** Objects to be written and removed. */
export interface ObjectEdit {
  /** With any number of objects each. */
  readonly files: readonly ManifestFile[]
  readonly remove: readonly ObjectRef[]
  /** Of objects in the files that name none; `default` unless stated. Only a cluster's store asks. */
  readonly defaultNamespace?: string
}

/** An edit whose files were read. */
export interface ReadEdit extends ObjectEdit {
  /** Of its files, without error: what else they hold is not written, since nobody has checked it. */
  readonly objects: readonly MeshObject[]
}

/** What becomes of a file. */
export interface FileWrite {
  readonly path: string
  /** `undefined`: there was no such file. */
  readonly before: string | undefined
  /** `undefined`: it goes. */
  readonly after: string | undefined
}

/** What an edit makes of a set of files. */
export interface EditedFiles {
  readonly writes: readonly FileWrite[]
  /** The files without the objects that are written or removed; lines stay where they are. */
  readonly rest: ReadonlyMap<string, string>
  /** Where each object is written or removed, by `formatRef`. */
  readonly fileOf: ReadonlyMap<string, string>
  readonly problems: readonly Problem[]
}

/** Where objects go that are in no file yet. */
export type NewObjectPath = (ref: ObjectRef) => string

/**
 * Says what an edit makes of files: an object is replaced in the file that defines it, where everything else stays as it is,
 * comments too; a new one gets a file of its own. Pure.
 *
 * @param texts - of all files, by path
 */
export function editFiles(texts: ReadonlyMap<string, string>, edit: ReadEdit, newPath: NewObjectPath): EditedFiles {
  const editor = new Editor(texts, newPath)
  const known = new Set(edit.objects.map((object) => formatRef(refOf(object))))
  const given = edit.files.flatMap(documentsOf).filter(({ ref }) => known.has(formatRef(ref)))
  const found = new Set(given.map(({ ref }) => formatRef(ref)))
  for (const ref of edit.objects.map(refOf)) if (!found.has(formatRef(ref))) editor.cannotFind(ref)
  editor.find([...given.map(({ ref }) => ref), ...edit.remove])
  for (const document of given) editor.put(document)
  for (const ref of edit.remove) editor.remove(ref)
  return editor.result()
}

/** A document with one object. */
interface GivenDocument {
  readonly ref: ObjectRef
  readonly file: string
  readonly line: number
  /** YAML, with the comments that it came with. */
  readonly text: string
  readonly value: unknown
}

interface Place {
  readonly path: string
  readonly document: DocumentText
}

class Editor {
  readonly #texts: ReadonlyMap<string, string>
  readonly #newPath: NewObjectPath
  readonly #places = new Map<string, Place>()
  /** By path, then by document: what is there instead; `undefined`: nothing. */
  readonly #changes = new Map<string, Map<DocumentText, GivenDocument | undefined>>()
  readonly #added = new Map<string, GivenDocument[]>()
  readonly #fileOf = new Map<string, string>()
  readonly #problems: Problem[] = []

  constructor(texts: ReadonlyMap<string, string>, newPath: NewObjectPath) {
    this.#texts = texts
    this.#newPath = newPath
  }

  /** Finds the documents of `refs`; only files that hold one of the names are taken apart. */
  find(refs: readonly ObjectRef[]): void {
    const wanted = new Set(refs.map(formatRef))
    const names = [...new Set(refs.map(({ name }) => name))]
    for (const [path, text] of this.#texts) {
      if (!names.some((name) => text.includes(name))) continue
      for (const document of splitDocuments(text)) {
        for (const key of document.refs.map(formatRef)) if (wanted.has(key)) this.#places.set(key, { path, document })
      }
    }
  }

  /** YAML lets `...` part documents as well; what stands behind one would be written together with the document before. */
  cannotFind({ kind, namespace, name }: ObjectRef): void {
    this.#problems.push(fileProblem('', `${kind} ${namespace}/${name}: put \`---\` before its document`))
  }

  put(given: GivenDocument): void {
    const key = formatRef(given.ref)
    const place = this.#places.get(key)
    const path = place?.path ?? this.#newPath(given.ref)
    this.#fileOf.set(key, path)
    if (place?.document.isList === true) {
      this.#problems.push(problemAt(given, `is an item of a List in ${path}, which is left as it is: change it there`))
    } else if (place !== undefined) this.#change(place, given)
    else this.#add(path, given)
  }

  remove(ref: ObjectRef): void {
    const key = formatRef(ref)
    const place = this.#places.get(key)
    const title = `${ref.kind} ${ref.namespace}/${ref.name}`
    if (place === undefined) this.#problems.push(fileProblem('', `${title} is in no file`))
    else if (place.document.isList) {
      this.#problems.push(
        fileProblem(place.path, `${title} is an item of a List, which is left as it is: remove it there`),
      )
    } else {
      this.#fileOf.set(key, place.path)
      this.#change(place, undefined)
    }
  }

  result(): EditedFiles {
    const paths = new Set([...this.#changes.keys(), ...this.#added.keys()])
    const rest = new Map(this.#texts)
    for (const path of this.#changes.keys()) rest.set(path, this.#blanked(path))
    const writes = [...paths].map((path) => ({ path, before: this.#texts.get(path), after: this.#after(path) }))
    return { writes, rest, fileOf: this.#fileOf, problems: this.#problems }
  }

  #change({ path, document }: Place, given: GivenDocument | undefined): void {
    const changes = this.#changes.get(path) ?? new Map<DocumentText, GivenDocument | undefined>()
    this.#changes.set(path, changes.set(document, given))
  }

  #add(path: string, given: GivenDocument): void {
    if (runsCommand(given.value)) {
      this.#problems.push(
        problemAt(given, 'runs a command, whose paths start at its own file: write that file by hand'),
      )
    }
    if (isJson(path)) this.#problems.push(problemAt(given, `${path} is JSON, which holds one object: add it by hand`))
    this.#added.set(path, [...(this.#added.get(path) ?? []), given])
  }

  /** The text of a file as it will be; `undefined` when nothing is left of it. */
  #after(path: string): string | undefined {
    const before = this.#texts.get(path) ?? ''
    let text = ''
    let at = 0
    for (const [document, given] of inOrder(this.#changes.get(path))) {
      text += before.slice(at, given === undefined ? document.markerStart : document.start)
      if (given !== undefined) text += textIn(path, given, document)
      at = document.end
    }
    text += before.slice(at)
    for (const given of this.#added.get(path) ?? []) {
      text += text.trim() === '' ? given.text : `${text.endsWith('\n') ? '' : '\n'}---\n${given.text}`
    }
    return /^\s*$/.test(text) ? undefined : text
  }

  #blanked(path: string): string {
    const before = this.#texts.get(path) ?? ''
    let text = ''
    let at = 0
    for (const [document] of inOrder(this.#changes.get(path))) {
      text += before.slice(at, document.start) + before.slice(document.start, document.end).replace(/[^\n]/g, '')
      at = document.end
    }
    return text + before.slice(at)
  }
}

function inOrder(changes: ReadonlyMap<DocumentText, GivenDocument | undefined> = new Map()) {
  return [...changes].sort(([a], [b]) => a.start - b.start)
}

/** What stands behind the marker of a document. */
function textIn(path: string, given: GivenDocument, { start, markerStart }: DocumentText): string {
  if (isJson(path)) return `${JSON.stringify(given.value, undefined, 2)}\n`
  return start === markerStart ? given.text : `\n${given.text}`
}

function documentsOf({ path, text }: ManifestFile): GivenDocument[] {
  let line = 1
  let at = 0
  return splitDocuments(text).flatMap((document) => {
    // From the last one on: from the beginning each time it would take the square of the length.
    for (at = text.indexOf('\n', at); at !== -1 && at < document.start; at = text.indexOf('\n', at + 1)) line += 1
    if (at === -1) at = text.length
    if (document.isList) {
      const { items } = document.value as { readonly items: readonly unknown[] }
      return items.flatMap((item) => toGiven(item, { file: path, line, text: stringifyManifest(item) }))
    }
    return toGiven(document.value, { file: path, line, text: tidy(text.slice(document.start, document.end)) })
  })
}

function toGiven(value: unknown, rest: Pick<GivenDocument, 'file' | 'line' | 'text'>): GivenDocument[] {
  const ref = refOfManifest(value)
  return ref === undefined ? [] : [{ ref, value, ...rest }]
}

/** Without the empty lines around, and with an end of line. */
function tidy(text: string): string {
  return `${text.replace(/^[^\S\n]*\n+/, '').trimEnd()}\n`
}

function runsCommand(value: unknown): boolean {
  const { kind, spec } = value as { readonly kind?: unknown; readonly spec?: { readonly command?: unknown } | null }
  return kind === 'Workload' && spec?.command !== undefined
}

function isJson(path: string): boolean {
  return path.endsWith('.json')
}

function problemAt({ file, line, ref }: GivenDocument, reason: string): Problem {
  return { ...fileProblem(file, `${ref.kind} ${ref.namespace}/${ref.name} ${reason}`), line, column: 1 }
}
