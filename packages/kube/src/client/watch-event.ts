import { isMap } from '@heddle/base/is-map'
import { type ApiStatus, parseStatus } from './api-status.ts'
import type { KubeObject, WatchEvent } from './client.ts'

/** A line of a watch: a change, the API server's last word, or nothing that it would say. */
export type WatchLine =
  | { readonly kind: 'event'; readonly event: WatchEvent }
  | { readonly kind: 'error'; readonly status: ApiStatus }
  | { readonly kind: 'garbage'; readonly message: string }

const TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'])

/** Parses one line of a watch. Never throws. */
export function parseWatchLine(line: string): WatchLine {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    return garbage((error as Error).message)
  }
  if (!isMap(value) || !isMap(value.object)) return garbage('no object')
  if (value.type === 'ERROR') return { kind: 'error', status: parseStatus(value.object, 500) }
  if (!TYPES.has(value.type)) return garbage(`type ${JSON.stringify(value.type)?.slice(0, 40)}`)
  if (!isVersioned(value.object, value.type)) return garbage('object without name or version')
  return { kind: 'event', event: value as unknown as WatchEvent }
}

function garbage(what: string): WatchLine {
  return { kind: 'garbage', message: `not an event of a watch: ${what}` }
}

function isVersioned(
  object: Readonly<Record<string, unknown>>,
  type: unknown,
): object is Readonly<Record<string, unknown>> & KubeObject {
  const { metadata } = object
  if (!isMap(metadata) || typeof metadata.resourceVersion !== 'string') return false
  return type === 'BOOKMARK' || typeof metadata.name === 'string'
}
