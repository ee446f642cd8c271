import { CLUSTER_ONLY_KINDS, KINDS, type Kind } from '../kinds/kind.ts'
import { isPolicy, type MeshObject } from '../kinds/mesh-object.ts'
import type { ObjectRef } from '../kinds/object-meta.ts'
import { isRoute } from '../kinds/route.ts'
import { COMMAND_FIELDS } from '../kinds/workload-schema.ts'
import { checkGrant } from './check-grant.ts'
import { checkHeaderNames } from './check-header-names.ts'
import { checkPolicy } from './check-policy.ts'
import { checkProtocols } from './check-protocols.ts'
import { checkRoute } from './check-route.ts'
import { checkSchema } from './check-schema.ts'
import { errorAt, type Finding, quoted, warningAt } from './finding.ts'
import { nearest } from './nearest.ts'
import { findNoEffect } from './no-effect.ts'

/** What became of one document. */
export interface ObjectReading {
  /** `undefined` when there is an error, or nothing to act on. */
  readonly object: MeshObject | undefined
  readonly findings: readonly Finding[]
}

/** Checks a document against its kind. */
export function readObject(value: unknown): ObjectReading {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refused(errorAt([], `expected an object with apiVersion and kind, got ${quoted(value)}`))
  }
  const { apiVersion, kind: name } = value as Record<string, unknown>
  if (typeof apiVersion !== 'string' || typeof name !== 'string') return refused(...missingType(apiVersion, name))
  if (CLUSTER_ONLY_KINDS.has(`${apiVersion} ${name}`)) {
    return {
      object: undefined,
      findings: [warningAt(['kind'], `${name} (${apiVersion}) has no effect outside a cluster`)],
    }
  }
  const kind = KINDS.find(
    (known) => known.kind === name && (known.apiVersion === apiVersion || known.olderVersions.includes(apiVersion)),
  )
  if (kind === undefined) return refused(unknownKind(apiVersion, name))
  return readKind(kind, value)
}

function readKind(kind: Kind, value: object): ObjectReading {
  const warnings = [...findNoEffect(kind.schema, value), ...findIdleCommandFields(kind, value)]
  const errors = checkSchema(kind, value)
  if (errors.length > 0) return { object: undefined, findings: [...errors, ...warnings] }
  const object = kind.toObject(value)
  const findings = [
    ...warnings,
    ...checkProtocols(object),
    ...checkRoute(object),
    ...checkPolicy(object),
    ...checkGrant(object),
  ]
  if (isRoute(object) || isPolicy(object))
    findings.push(...checkHeaderNames((value as { readonly spec?: unknown }).spec))
  return { object: findings.some(({ severity }) => severity === 'error') ? undefined : object, findings }
}

function refused(...findings: readonly Finding[]): ObjectReading {
  return { object: undefined, findings }
}

function missingType(apiVersion: unknown, kind: unknown): Finding[] {
  return Object.entries({ apiVersion, kind }).flatMap(([field, value]) => {
    if (value === undefined) return errorAt([field], 'is missing', `known are ${knownKinds()}`)
    return typeof value === 'string' ? [] : errorAt([field], `expected text, got ${quoted(value)}`)
  })
}

function unknownKind(apiVersion: string, name: string): Finding {
  const versions = KINDS.filter((known) => known.kind === name).map((known) => known.apiVersion)
  if (versions.length > 0) {
    return errorAt(['apiVersion'], `there is no ${name} in ${quoted(apiVersion)}`, `use ${versions.join(' or ')}`)
  }
  const meant = nearest(
    name,
    KINDS.map((known) => known.kind),
  )
  const remedy = meant === undefined ? `known are ${knownKinds()}` : `did you mean ${meant}?`
  return errorAt(['kind'], `${name} in ${quoted(apiVersion)} is not a known kind`, remedy)
}

function knownKinds(): string {
  return KINDS.map((known) => `${known.kind} (${known.apiVersion})`).join(', ')
}

/** Checked before defaults are filled in, because afterwards nobody can tell what the file said. */
function findIdleCommandFields(kind: Kind, value: object): Finding[] {
  const { spec } = value as { readonly spec?: Readonly<Record<string, unknown>> }
  if (kind.kind !== 'Workload' || typeof spec !== 'object' || spec.addresses === undefined) return []
  return COMMAND_FIELDS.filter((field) => spec[field] !== undefined).map((field) => {
    return warningAt(['spec', field], 'has no effect: nothing is started for a Workload with addresses')
  })
}

/** {@link nameOf} an object of a kind that is not ours: of what it does not say nothing is known, so that is empty. */
export function statedName(value: unknown): ObjectRef {
  const { kind, metadata } = (value ?? {}) as { readonly kind?: unknown; readonly metadata?: Record<string, unknown> }
  const { name, namespace } = metadata ?? {}
  return { kind: textOf(kind), namespace: textOf(namespace), name: textOf(name) }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Kind, namespace and name of a document, as far as it says them, whether the rest of it is right or not. */
export function nameOf(value: unknown): ObjectRef | undefined {
  const { kind, metadata } = (value ?? {}) as { readonly kind?: unknown; readonly metadata?: Record<string, unknown> }
  const { name, namespace = 'default' } = metadata ?? {}
  if (typeof kind !== 'string' || typeof name !== 'string' || typeof namespace !== 'string') return undefined
  return { kind, namespace, name }
}
