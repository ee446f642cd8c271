import { LineCounter } from 'yaml'
import type { ObjectRef } from '../kinds/object-meta.ts'
import { MAX_FILE_CHARACTERS } from './parse-manifests.ts'
import { readNode } from './read-node.ts'
import { nameOf } from './read-object.ts'
import { MAX_DOCUMENTS, readYaml } from './read-yaml.ts'

/** One document of a file as text, so that it can be replaced and all others stay as they are. */
export interface DocumentText {
  /** Offset of its `---`; where it has none, as the first one often, that of its text. */
  readonly markerStart: number
  /** Offset behind its `---`. */
  readonly start: number
  /** Offset of the next document's `---`, or the end of the file. */
  readonly end: number
  /** What it holds; `undefined`: nothing, or nothing that can be read. */
  readonly value: unknown
  /** Of its object, or of all items where it is a `v1` List. */
  readonly refs: readonly ObjectRef[]
  readonly isList: boolean
}

/** `---` at the beginning of a line separates documents wherever it is, in texts of several lines too (YAML 1.2 §9.1.2). */
const MARKER = /^---(?=\s|$)/gm

/**
 * Splits YAML or JSON text into its documents, in bounded time: text that a reader of manifests would refuse unread is one document
 * that cannot be read. Pure; never throws.
 */
export function splitDocuments(text: string): DocumentText[] {
  const markers = text.length > MAX_FILE_CHARACTERS ? undefined : findMarkers(text)
  if (markers === undefined)
    return [{ markerStart: 0, start: 0, end: text.length, value: undefined, ...refsOf(undefined) }]
  const starts = markers[0] === 0 ? markers : [undefined, ...markers]
  return starts.map((marker, i) => {
    const start = marker === undefined ? 0 : marker + 3
    const end = starts[i + 1] ?? text.length
    const value = readValue(text.slice(start, end))
    return { markerStart: marker ?? 0, start, end, value, ...refsOf(value) }
  })
}

/** `undefined`: too many. */
function findMarkers(text: string): number[] | undefined {
  const markers: number[] = []
  for (const { index } of text.matchAll(MARKER)) {
    if (markers.length === MAX_DOCUMENTS) return undefined
    markers.push(index)
  }
  return markers
}

function readValue(text: string): unknown {
  try {
    const reading = readYaml(text, new LineCounter())
    const [first] = reading.kind === 'read' ? reading.documents : []
    return first === undefined || first.errors.length > 0 ? undefined : readNode(first).value
  } catch {
    return undefined
  }
}

function refsOf(value: unknown): Pick<DocumentText, 'refs' | 'isList'> {
  const { apiVersion, kind, items } = (value ?? {}) as Readonly<Record<string, unknown>>
  const isList = apiVersion === 'v1' && kind === 'List' && Array.isArray(items)
  return { refs: (isList ? items : [value]).flatMap((one) => refOfManifest(one) ?? []), isList }
}

/** What a document or an item of a List is named; Namespaces are in none. */
export function refOfManifest(value: unknown): ObjectRef | undefined {
  const ref = nameOf(value)
  return ref?.kind === 'Namespace' ? { ...ref, namespace: '' } : ref
}
