import type { JsonObject, JsonValue } from '@bufbuild/protobuf'
import { isPolicy, type MeshObject } from '@heddle/api/kinds'
import { isRoute } from '@heddle/api/kinds/route'
import { CONTROLLER_NAME } from './controller-name.ts'
import type { ShownCondition } from './shown-conditions.ts'

/** An object as in a file, with its defaults, but without lists and maps of nothing. Reading it gives the same object. */
export function toManifest(object: MeshObject): JsonObject {
  return prune(JSON.parse(JSON.stringify(object)) as JsonObject)
}

/** The same with `status`, where the kind has one: for each parent of a route, each target of a policy. */
export function toManifestWithStatus(object: MeshObject, conditions: readonly ShownCondition[]): JsonObject {
  const status = toStatus(object, conditions)
  return { ...toManifest(object), ...(status && { status }) }
}

function toStatus(object: MeshObject, conditions: readonly ShownCondition[]): JsonObject | undefined {
  if (isRoute(object)) {
    const parents = object.spec.parentRefs.map((ref, i) => ({ parentRef: { ...ref }, ...saidOf(i, conditions) }))
    return { parents }
  }
  if (!isPolicy(object)) return undefined
  const { namespace } = object.metadata
  const ancestors = object.spec.targetRefs.map((ref, i) => {
    return { ancestorRef: { ...ref, namespace }, ...saidOf(i, conditions) }
  })
  return { ancestors }
}

function saidOf(index: number, conditions: readonly ShownCondition[]): JsonObject {
  const own = conditions.filter((condition) => condition.index === index)
  return {
    controllerName: CONTROLLER_NAME,
    conditions: own.map(({ type, status, reason, message }) => ({ type, status, reason, message })),
  }
}

/** Maps that may be left out when they are empty; an empty `retry` means something. */
const EMPTY_MEANS_NOTHING: ReadonlySet<string> = new Set(['labels', 'annotations', 'timeouts'])

function prune(object: JsonObject): JsonObject {
  // A session that is not kept by a cookie has the defaults of one beside it.
  const isIdle = (name: string) => name === 'cookieConfig' && object.type === 'Header'
  const kept = Object.entries(object).filter(([name, value]) => !isNothing(name, value) && !isIdle(name))
  return Object.fromEntries(kept.map(([name, value]) => [name, pruneValue(value)]))
}

function pruneValue(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(pruneValue)
  return typeof value === 'object' && value !== null ? prune(value) : value
}

/** An empty name of a port or namespace of a Namespace is none. */
function isNothing(name: string, value: JsonValue): boolean {
  if (Array.isArray(value)) return value.length === 0
  if (value === '') return name === 'name' || name === 'namespace'
  return EMPTY_MEANS_NOTHING.has(name) && typeof value === 'object' && Object.keys(value ?? {}).length === 0
}
