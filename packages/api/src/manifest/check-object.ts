import { isDeepStrictEqual } from 'node:util'
import { type MeshObject, refOf } from '../kinds/mesh-object.ts'
import { checkTogether } from './check-together.ts'
import type { Finding, Path } from './finding.ts'
import type { ManifestEntry } from './manifest-set.ts'
import type { RawObject } from './read-documents.ts'
import { readObject } from './read-object.ts'

/** What an object is checked against. */
export interface ObjectContext {
  /** What is there already; another version of the object itself may be among it. */
  readonly others: Iterable<MeshObject>
  /** Wall time in ms, to tell faults that are over. */
  readonly nowMs: number
}

/**
 * What `parseManifests` finds wrong with one object, of a set whose others are in force already. What the object lacks of others is
 * said only where it is an error: what is missing may come the next moment.
 *
 * @param value - one object as JSON has it; defaults are filled in, in place
 */
export function checkObject(value: unknown, { others, nowMs }: ObjectContext): readonly Finding[] {
  const { object, findings } = readObject(value)
  if (object === undefined) return findings
  const found: Finding[] = []
  const raw: RawObject = { value, file: '', position: NOWHERE, problem: (finding) => collect(finding, found) }
  // The object comes last, since of two that claim the same the later one is to blame.
  const entries = [...relevantTo(object, others).map(toEntry), { object, raw }]
  checkTogether(entries, { objects: [], hasUnread: false }, nowMs)
  return [...findings, ...found.filter(isDecidedNow(object))]
}

const NOWHERE = () => ({ line: 0, column: 0 })

/** Only a Workload can be wrong because of others; for a policy the time counts. */
function relevantTo(object: MeshObject, others: Iterable<MeshObject>): readonly MeshObject[] {
  if (object.kind !== 'Workload') return []
  const ref = refOf(object)
  return [...others].filter((other) => {
    return (other.kind === 'Workload' || other.kind === 'Service') && !isDeepStrictEqual(refOf(other), ref)
  })
}

function toEntry(object: MeshObject): ManifestEntry {
  return { object, raw: { value: object, file: '', position: NOWHERE, problem: (finding) => collect(finding, []) } }
}

function collect(finding: Finding, into: Finding[]): ReturnType<RawObject['problem']> {
  into.push(finding)
  return { ...finding, file: '', line: 0, column: 0, field: '' }
}

/** Warnings about others may be over when they come; those about the end of a fault are about the object alone. */
function isDecidedNow({ kind }: MeshObject): (finding: Finding) => boolean {
  return ({ severity, path }) => severity === 'error' || (kind === 'FaultPolicy' && isUntil(path))
}

function isUntil(path: Path): boolean {
  return path[0] === 'spec' && path[1] === 'until'
}
