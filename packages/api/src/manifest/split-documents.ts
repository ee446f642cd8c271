import { parse } from 'yaml'
import type { ObjectRef } from '../kinds/object-meta.ts'
import { nameOf } from './read-object.ts'

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

/** Splits YAML or JSON text into its documents. Pure; never throws. */
export function splitDocuments(text: string): DocumentText[] {
  const markers = [...text.matchAll(MARKER)].map((match) => match.index)
  const starts = markers[0] === 0 ? markers : [undefined, ...markers]
  return starts.map((marker, i) => {
    const start = marker === undefined ? 0 : marker + 3
    const end = starts[i + 1] ?? text.length
    const value = readValue(text.slice(start, end))
    return { markerStart: marker ?? 0, start, end, value, ...refsOf(value) }
  })
}

function readValue(text: string): unknown {
  try {
    return parse(text, { version: '1.2', uniqueKeys: false, maxAliasCount: 0, logLevel: 'silent' }) ?? undefined
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
