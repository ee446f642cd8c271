import { isPolicy, type MeshObject } from '@heddle/api/kinds'
import { GATEWAY_GROUP, isRoute, ROUTE_KINDS } from '@heddle/api/kinds/route'
import { isServiceRef } from '@heddle/api/kinds/route-refs'
import { findUnsupported, findUnsupportedInPolicy } from '@heddle/api/kinds/status/unsupported'
import type { Kind } from '@heddle/api/kinds/table'
import { checkSchema } from '@heddle/api/manifest/check-schema'
import type { Finding } from '@heddle/api/manifest/finding'
import type { Problem } from '@heddle/api/manifest/problem'
import { rawValue } from '@heddle/api/manifest/raw-value'
import { readObject } from '@heddle/api/manifest/read-object'
import type { KubeObject } from '@heddle/kube/client'
import { findSpecialAddresses } from './special-addresses.ts'
import { trimMeta } from './trim-meta.ts'

/** An object of the API server, as far as the mesh makes use of it. */
export interface ClusterObject {
  /** `undefined`: it is refused, or does not concern the mesh. */
  readonly object: MeshObject | undefined
  readonly problems: readonly Problem[]
  /** Of a kind that others attach things to as well: whether something of it is the mesh's business. */
  readonly isOurs: boolean
  /** Of kinds whose status is written here. */
  readonly status: StatusSource | undefined
}

/** What a status is written with. */
export interface StatusSource {
  readonly resourceVersion: string
  readonly generation: number
  /** `spec.parentRefs` of a route, `spec.targetRefs` of a policy, as they are written; of others none. */
  readonly refs: readonly RawRef[]
  /** `status.parents` of a route, `status.ancestors` of a policy, `status.conditions` of others: everybody's. */
  readonly entries: readonly unknown[]
}

/** A reference as an object has it; what is absent has a default. */
export interface RawRef {
  readonly group?: string
  readonly kind?: string
  readonly namespace?: string
  readonly name: string
  readonly sectionName?: string
  readonly port?: number
}

/** `KIND NAMESPACE/NAME`, for people. */
export function originOf(kind: string, { namespace = '', name }: KubeObject['metadata']): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
}

/** Whether a parent of a route is the mesh's business: those of other kinds are somebody else's. */
export function isMeshParent({ group = GATEWAY_GROUP, kind = 'Gateway' }: RawRef): boolean {
  return isServiceRef({ group, kind })
}

/**
 * Reads an object of Kubernetes' own kinds. The API server has checked it and filled in its defaults, and what of it means nothing
 * here means something to the cluster: there is nothing to say about it.
 */
export function readCoreObject(kind: Kind, { metadata, spec }: KubeObject): ClusterObject {
  const defaults = kind.kind === 'Service' ? { type: 'ClusterIP', publishNotReadyAddresses: false } : {}
  const object = kind.toObject({ metadata: trimMeta(metadata), spec: { ...defaults, ...(spec as object | undefined) } })
  return { object, problems: [], isOurs: true, status: undefined }
}

/**
 * Reads an object of a kind that came with a CRD: the schema there may be of another version than the one here. What can be said
 * in its status without refusing it, as backends of a kind that is not known, does not refuse it.
 */
export function readCustomObject(kind: Kind, { apiVersion, metadata, spec, status }: KubeObject): ClusterObject {
  const refs = refsOf(spec)
  const isRouteKind = ROUTE_KINDS.some((one) => one === kind.kind)
  const source = hasStatus(kind) ? toStatusSource(metadata, refs, status) : undefined
  const isOurs = !isRouteKind || refs.some(isMeshParent)
  if (!isOurs) return { object: undefined, problems: [], isOurs, status: source }
  const value = { apiVersion: apiVersion ?? kind.apiVersion, kind: kind.kind, metadata: toOwnMeta(metadata), spec }
  const raw = rawValue(value, originOf(kind.kind, metadata))
  // First, because afterwards the defaults are filled in, and some findings are about what was written.
  const special = kind.kind === 'Workload' ? findSpecialAddresses(value) : []
  const problems = [...findingsOf(value, isRouteKind ? refs : []), ...special].map((finding) => raw.problem(finding))
  const object = special.length > 0 ? undefined : toObject(kind, value)
  return { object, problems, isOurs, status: source }
}

function toObject(kind: Kind, value: object): MeshObject | undefined {
  if (checkSchema(kind, value).length > 0) return undefined
  const object = kind.toObject(value)
  const isUnsupported =
    (isRoute(object) && findUnsupported(object).length > 0) ||
    (isPolicy(object) && findUnsupportedInPolicy(object).length > 0)
  return isUnsupported ? undefined : object
}

/** Grants are also for others, and so are parents of other kinds; metadata are the API server's. Nothing is to be said about these. */
function findingsOf(value: { readonly kind: string }, parents: readonly RawRef[]): readonly Finding[] {
  const { findings } = readObject(value)
  return findings.filter(({ severity, path }) => {
    const [first, field, index] = path
    if (severity === 'warning' && (first === 'metadata' || value.kind === 'ReferenceGrant')) return false
    const parent = field === 'parentRefs' && typeof index === 'number' ? parents[index] : undefined
    return parent === undefined || isMeshParent(parent)
  })
}

function hasStatus({ kind }: Kind): boolean {
  return kind !== 'ReferenceGrant'
}

/** Copied, because defaults are filled into the object, and what is written back must be what was written. */
function refsOf(spec: unknown): readonly RawRef[] {
  const { parentRefs, targetRefs } = (spec ?? {}) as {
    readonly parentRefs?: readonly RawRef[]
    readonly targetRefs?: readonly RawRef[]
  }
  return structuredClone(parentRefs ?? targetRefs ?? [])
}

function toStatusSource(
  { resourceVersion = '', generation = 0 }: KubeObject['metadata'],
  refs: readonly RawRef[],
  status: unknown,
): StatusSource {
  const { parents, ancestors, conditions } = (status ?? {}) as Readonly<Record<string, readonly unknown[] | undefined>>
  return { resourceVersion, generation, refs, entries: parents ?? ancestors ?? conditions ?? [] }
}

/** Without an empty namespace, which no schema allows. */
function toOwnMeta(metadata: KubeObject['metadata']): object {
  const { namespace, ...rest } = trimMeta(metadata)
  return namespace === '' ? rest : { namespace, ...rest }
}
