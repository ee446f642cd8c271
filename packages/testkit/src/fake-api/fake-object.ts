import { isLabelSelected, isSelectedBy } from './label-selector.ts'

/** An object as the fake API server stores it. */
export interface FakeObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: FakeMeta
  readonly [field: string]: unknown
}

/** The metadata that the server looks at. */
export interface FakeMeta {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  readonly [field: string]: unknown
}

/** Where a request's path leads. */
export interface FakeTarget {
  /** `/apis/GROUP/VERSION/PLURAL`, without namespace. */
  readonly collection: string
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly subresource: string | undefined
}

const PATH = /^(\/api\/[^/]+|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/

/** Takes a path apart; `undefined` for paths that are not about stored objects. */
export function toTarget(path: string): FakeTarget | undefined {
  const own = /^(\/api\/v1)\/namespaces(?:\/([^/]+))?(?:\/(status|finalize))?$/.exec(path)
  if (own !== null) {
    return { collection: `${own[1]}/namespaces`, namespace: undefined, name: own[2], subresource: own[3] }
  }
  const match = PATH.exec(path)
  if (match === null) return undefined
  const [, root, namespace, plural, name, subresource] = match
  return { collection: `${root}/${plural}`, namespace, name, subresource }
}

/** Whether an object is selected. Labels: `a=b`, `a!=b`, `a`, `!a`; fields: `metadata.name=x`. */
export function isSelected(object: FakeObject, query: URLSearchParams): boolean {
  return (
    isLabelSelected(object.metadata.labels, query.get('labelSelector')) &&
    isSelectedBy(query.get('fieldSelector'), (path) => fieldOf(object, path))
  )
}

function fieldOf(object: FakeObject, path: string): string | undefined {
  let value: unknown = object
  for (const part of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[part]
  return value === undefined ? undefined : String(value)
}
