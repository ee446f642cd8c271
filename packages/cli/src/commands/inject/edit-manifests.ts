import { isMap } from '@heddle/base/is-map'
import { isList, type Manifest } from '@heddle/kube/inject/manifest'
import type { WorkloadChange, WorkloadReport } from '@heddle/kube/inject/workload'
import { diffJson, type PatchStep, splitPointer } from '@heddle/kube/json-patch'
import { type Document, isSeq, isMap as isYamlMap, parseAllDocuments, stringify, visit } from 'yaml'
import { CliError } from '../../cli-error.ts'
import type { InputFile } from './read-inputs.ts'

/** What a file became. */
export interface EditedFile {
  readonly name: string
  /** YAML documents, each behind its own `---`, as far as possible with the comments and order that they came with. */
  readonly yaml: string
  /** The objects, in order. */
  readonly objects: readonly unknown[]
  readonly isJson: boolean
  readonly reports: readonly WorkloadReport[]
}

/** Changes each object of a file. @throws {CliError} for what is no YAML, and for a document that is no object */
export function editManifests(file: InputFile, change: (object: Manifest) => WorkloadChange): EditedFile {
  const documents = parseFile(file)
  const edited = documents.flatMap((document, index) => {
    const value: unknown = document.toJS()
    if (value === null || value === undefined) return []
    if (isMap(value)) return editDocument({ document, value }, change)
    throw new CliError(`${file.name}: document ${index + 1} is no object with apiVersion and kind`)
  })
  const isJson = /^\s*[[{]/.test(file.text)
  const isIndented = !/^( *)[^\s#-][^\n]*:[^\S\n]*\n\1- /m.test(file.text)
  const format = { lineWidth: 0, indentSeq: isIndented }
  return {
    name: file.name,
    yaml: edited
      .map(({ document, object }) => `---\n${isJson ? toBlocks(object) : withoutMarker(document.toString(format))}`)
      .join(''),
    objects: edited.map(({ object }) => object),
    isJson,
    reports: edited.flatMap(({ reports }) => reports),
  }
}

/** As kubectl reads it: version 1.2, with merge keys; what an older reader would take for something else is written in quotes. */
const OPTIONS = { version: '1.2', merge: true, compat: 'yaml-1.1', uniqueKeys: true } as const

function parseFile({ name, text }: InputFile): readonly Document.Parsed[] {
  const documents = parseAllDocuments(text, OPTIONS)
  if (!Array.isArray(documents)) return []
  for (const { errors } of documents) {
    const [error] = errors
    if (error === undefined) continue
    const place = error.linePos === undefined ? '' : `:${error.linePos[0].line}:${error.linePos[0].col}`
    throw new CliError(`${name}${place}: ${withoutPlace(error.message)}`)
  }
  return documents
}

/** The library appends the place, and the lines around it. */
function withoutPlace(message: string): string {
  const [first = message] = message.split('\n')
  return first.replace(/ at line \d+, column \d+:?$/, '')
}

interface EditedDocument {
  readonly document: Document
  readonly object: unknown
  readonly reports: readonly WorkloadReport[]
}

interface ReadDocument {
  readonly document: Document.Parsed
  readonly value: Manifest
}

function editDocument(
  { document, value: before }: ReadDocument,
  change: (object: Manifest) => WorkloadChange,
): EditedDocument {
  const { object: changed, reports } = change(before)
  const object = changed === before ? before : withoutVersion(changed)
  const steps = diffJson(before, object)
  if (steps.length === 0) return { document, object, reports }
  if (!hasAliases(document)) {
    for (const step of steps) applyStep(document, step)
    return { document, object, reports }
  }
  // What an alias stands for would be changed wherever it is used.
  document.contents = document.createNode(object, { aliasDuplicateObjects: false }) as never
  return { document, object, reports }
}

/**
 * What a cluster printed has the version it was read at, with which the next in the pipe would be refused as soon as the status had
 * changed in between, as that of a running workload does.
 */
function withoutVersion(object: Manifest): Manifest {
  if (isList(object))
    return { ...object, items: object.items.map((item) => (isMap(item) ? withoutVersion(item) : item)) }
  const { metadata } = object
  if (metadata?.resourceVersion === undefined) return object
  const { resourceVersion: _resourceVersion, ...rest } = metadata
  return { ...object, metadata: rest }
}

function hasAliases(document: Document): boolean {
  let found = false
  visit(document, {
    Alias: () => {
      found = true
      return visit.BREAK
    },
  })
  return found
}

function applyStep(document: Document, step: PatchStep): void {
  const path = splitPointer(step.path)
  const last = path.at(-1) ?? ''
  const holder: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1).map(toKey))
  const value = step.op === 'remove' ? undefined : document.createNode(step.value, { aliasDuplicateObjects: false })
  if (isSeq(holder)) {
    if (step.op === 'remove') holder.items.splice(Number(last), 1)
    else holder.items.splice(Number(last), step.op === 'add' ? 0 : 1, value)
  } else if (isYamlMap(holder)) {
    if (step.op === 'remove') holder.delete(last)
    else holder.set(last, value)
  } else throw new Error(`nothing at ${step.path} to be changed`)
}

/** Entries of lists are found by their number; a map may have names of digits, which it finds as well. */
function toKey(step: string): string | number {
  return /^\d+$/.test(step) ? Number(step) : step
}

/** JSON is YAML, but not as people write it. */
function toBlocks(object: unknown): string {
  return stringify(object, { ...OPTIONS, lineWidth: 0 })
}

function withoutMarker(text: string): string {
  return text.replace(/^---\n/, '')
}
