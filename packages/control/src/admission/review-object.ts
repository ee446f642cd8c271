import { isDeepStrictEqual } from 'node:util'
import type { MeshObject } from '@heddle/api/kinds'
import { KINDS } from '@heddle/api/kinds/table'
import { checkObject } from '@heddle/api/manifest/check-object'
import { type Finding, formatPath } from '@heddle/api/manifest/finding'
import { isMap } from '@heddle/base/is-map'
import { findSpecialAddresses } from '../sources/kubernetes/special-addresses.ts'
import type { AdmissionRequest, Json, Verdict } from './admission-review.ts'

/** What an object is checked against. */
export interface ObjectSurroundings {
  /** Those in force. */
  readonly objects: Iterable<MeshObject>
  readonly nowMs: number
}

const GATEWAY_GROUP = 'gateway.networking.k8s.io'

/**
 * Decides whether an object may be written: as `heddle validate` does, for kinds of ours and for routes that are attached to a Service;
 * of a host's own addresses, which are right on a host, a cluster takes none. Routes of gateways are somebody else's. Pure.
 */
export function reviewObject(request: AdmissionRequest, { objects, nowMs }: ObjectSurroundings): Verdict {
  const { object } = request
  if (object === undefined || !isOurs(object) || isGoing(object) || isUnchanged(request)) return { kind: 'allowed' }
  const special = object.kind === 'Workload' ? findSpecialAddresses(object) : []
  const findings = [...special, ...checkObject(withoutServerFields(object), { others: objects, nowMs })]
  const errors = findings.filter(({ severity }) => severity === 'error')
  // A grant that is nothing to us may be for a gateway.
  const warnings = object.kind === 'ReferenceGrant' ? [] : findings.filter(isForAuthor)
  const told = warnings.map((warning) => `heddle: ${formatFinding(warning)}`)
  if (errors.length === 0) return { kind: 'allowed', warnings: told }
  return { kind: 'denied', about: titleOf(object), reasons: errors.map(toDenial), warnings: told }
}

function isOurs({ apiVersion, kind, spec }: Json): boolean {
  const known = KINDS.find((one) => one.kind === kind)
  if (known === undefined || typeof apiVersion !== 'string' || apiVersion === 'v1') return false
  if (!apiVersion.startsWith(`${GATEWAY_GROUP}/`) || kind === 'ReferenceGrant') return true
  const refs = isMap(spec) ? spec.parentRefs : undefined
  return Array.isArray(refs) && refs.some((ref) => isMap(ref) && ref.kind === 'Service')
}

/** What is on its way out must be able to go, finalizer by finalizer. */
function isGoing({ metadata }: Json): boolean {
  return isMap(metadata) && metadata.deletionTimestamp !== undefined
}

/** Labels, annotations and owners of what is there already may change, whether or not it would be let in today. */
function isUnchanged({ operation, object, oldObject }: AdmissionRequest): boolean {
  return operation === 'UPDATE' && oldObject !== undefined && isDeepStrictEqual(object?.spec, oldObject.spec)
}

/** What a cluster puts into metadata, or reads there, has no effect on a laptop alone. */
const OF_AUTHOR: readonly unknown[] = ['name', 'namespace', 'labels', 'annotations']

function isForAuthor({ severity, path: [first, second] }: Finding): boolean {
  return severity === 'warning' && (first !== 'metadata' || OF_AUTHOR.includes(second))
}

function titleOf({ kind, metadata }: Json): string {
  const name = isMap(metadata) ? (metadata.name ?? metadata.generateName) : ''
  return `${String(kind)} ${String(name).slice(0, NAME_CHARACTERS)}`
}

/** No name is longer, and who sends one that is gets it not back. */
const NAME_CHARACTERS = 253

/** A status is not the author's, and what the server notes of who wrote which field can be large. */
function withoutServerFields({ status: _status, metadata, ...object }: Json): Json {
  if (!isMap(metadata)) return object
  const { managedFields: _managedFields, ...meta } = metadata
  return { ...object, metadata: meta }
}

function toDenial({ path, reason, remedy }: Finding): { readonly field: string; readonly reason: string } {
  return { field: formatPath(path), reason: remedy === undefined ? reason : `${reason} (${remedy})` }
}

function formatFinding(finding: Finding): string {
  const { field, reason } = toDenial(finding)
  return field === '' ? reason : `${field}: ${reason}`
}
