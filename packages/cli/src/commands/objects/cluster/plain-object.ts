import type { JsonObject } from '@bufbuild/protobuf'
import type { KubeObject } from '@heddle/kube/client'

/** What the API server adds to an object's metadata. */
const SERVER_FIELDS = [
  'managedFields',
  'resourceVersion',
  'uid',
  'generation',
  'creationTimestamp',
  'selfLink',
] as const
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** An object as its author would write it: without what the API server and controllers add. */
export function toPlainObject(object: KubeObject): JsonObject {
  const { status: _status, metadata, ...rest } = object
  const kept = Object.entries(metadata).filter(([name]) => !SERVER_FIELDS.some((field) => field === name))
  const { annotations, ...own } = Object.fromEntries(kept) as {
    readonly annotations?: Readonly<Record<string, string>>
  }
  const said = Object.entries(annotations ?? {}).filter(([name]) => name !== LAST_APPLIED)
  const plain = { ...own, ...(said.length > 0 && { annotations: Object.fromEntries(said) }) }
  const { apiVersion, kind, ...spec } = rest
  return JSON.parse(JSON.stringify({ apiVersion, kind, metadata: plain, ...spec })) as JsonObject
}
