/** The way from an object to its pod template: `[]` for a Pod itself. */
const TEMPLATE_PATHS: Readonly<Record<string, readonly string[]>> = {
  'v1 Pod': [],
  'v1 ReplicationController': ['spec', 'template'],
  'apps/v1 DaemonSet': ['spec', 'template'],
  'apps/v1 Deployment': ['spec', 'template'],
  'apps/v1 ReplicaSet': ['spec', 'template'],
  'apps/v1 StatefulSet': ['spec', 'template'],
  'batch/v1 CronJob': ['spec', 'jobTemplate', 'spec', 'template'],
  'batch/v1 Job': ['spec', 'template'],
}

/** An object as a manifest has it. */
export interface Manifest {
  readonly apiVersion?: unknown
  readonly kind?: unknown
  readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown; readonly [field: string]: unknown }
  readonly [field: string]: unknown
}

/** Where the pod template of an object is; `undefined` for kinds that make no pods. */
export function templatePathOf({ apiVersion, kind }: Manifest): readonly string[] | undefined {
  const key = `${String(apiVersion)} ${String(kind)}`
  return Object.hasOwn(TEMPLATE_PATHS, key) ? TEMPLATE_PATHS[key] : undefined
}

/** Whether the object is a list whose items are objects themselves. */
export function isList(object: Manifest): object is Manifest & { readonly items: readonly Manifest[] } {
  return object.apiVersion === 'v1' && object.kind === 'List' && Array.isArray(object.items)
}

/** What is at a path of plain values; `undefined` where the path ends before. */
export function valueAt(object: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, step) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    return (value as Readonly<Record<string, unknown>>)[step]
  }, object)
}

/** A copy of `object` with something else at a path that is there. */
export function replaceAt<T extends object>(object: T, path: readonly string[], value: unknown): T {
  const [first, ...rest] = path
  if (first === undefined) return value as T
  const inner = (object as Readonly<Record<string, unknown>>)[first]
  return { ...object, [first]: replaceAt(inner as object, rest, value) }
}
