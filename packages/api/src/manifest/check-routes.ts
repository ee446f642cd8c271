import type { Route } from '../kinds/route.ts'
import { isServiceRef, type ParentRef } from '../kinds/route-refs.ts'
import { findBackendFault } from '../kinds/status/backend-fault.ts'
import { findMissingParent, findParentFault } from '../kinds/status/parent-fault.ts'
import { backendsOf, type PlacedBackend } from '../kinds/status/route-backends.ts'
import { type Finding, type Path, warningAt } from './finding.ts'
import type { ManifestSet } from './manifest-set.ts'
import type { Problem } from './problem.ts'

/**
 * What routes refer to is there, and they are in force. Warnings, because what is missing may come later and from elsewhere;
 * the status of the route says the same.
 */
export function checkRoutes(set: ManifestSet): Problem[] {
  return set.routes.flatMap(({ object, raw }) => {
    const findings = [
      ...object.spec.parentRefs.flatMap((ref, i) => checkParent(object, { ref, path: ['spec', 'parentRefs', i] }, set)),
      ...backendsOf(object).flatMap((backend) => checkBackend(object, backend, set)),
      ...checkMirrors(object),
    ]
    return findings.map((finding) => raw.problem(finding))
  })
}

interface PlacedParent {
  readonly ref: ParentRef
  readonly path: Path
}

function checkParent(route: Route, { ref, path }: PlacedParent, set: ManifestSet): Finding[] {
  if (!isServiceRef(ref) || mayBeHidden(ref, set)) return []
  const missing = findMissingParent(ref, set.lookup)
  const fault = missing ?? findParentFault(route, ref, set.lookup)
  if (fault === undefined) return []
  const consequence = 'the route is not in force there'
  return [warningAt(pathOfFault(path, ref, set), `${fault.message}; ${consequence}`, meantService(ref, set))]
}

function checkBackend(route: Route, { ref, path, isMirror }: PlacedBackend, set: ManifestSet): Finding[] {
  if (mayBeHidden(ref, set)) return []
  const fault = findBackendFault(route, ref, set.lookup)
  if (fault === undefined || fault.reason === 'InvalidKind') return []
  const isGrantHidden = fault.reason === 'RefNotPermitted' && set.mayHideSome('ReferenceGrant', ref.namespace)
  if (isGrantHidden) return []
  const consequence = isMirror ? 'nothing is mirrored' : WITHOUT_BACKEND[route.kind]
  const reason = `${fault.message}; ${consequence}`
  if (fault.reason !== 'RefNotPermitted')
    return [warningAt(pathOfFault(path, ref, set), reason, meantService(ref, set))]
  const remedy = `add a ReferenceGrant in namespace ${ref.namespace}, or use a Service of namespace ${route.metadata.namespace}`
  return [warningAt([...path, 'namespace'], reason, remedy)]
}

const WITHOUT_BACKEND: Readonly<Record<Route['kind'], string>> = {
  HTTPRoute: 'its share of the requests is answered with 500',
  GRPCRoute: 'its share of the calls ends with UNAVAILABLE',
  TLSRoute: 'its share of the connections is closed',
  TCPRoute: 'its share of the connections is closed',
}

type ServiceRef = Pick<ParentRef, 'namespace' | 'name' | 'port' | 'sectionName'>

function mayBeHidden({ namespace, name }: ServiceRef, set: ManifestSet): boolean {
  return set.lookup.service(namespace, name) === undefined && set.mayHide({ kind: 'Service', namespace, name })
}

function pathOfFault(path: Path, ref: ServiceRef, { lookup }: ManifestSet): Path {
  const service = lookup.service(ref.namespace, ref.name)
  if (service === undefined || service.spec.type === 'ExternalName') return [...path, 'name']
  if (ref.sectionName !== undefined) return [...path, 'sectionName']
  return ref.port === undefined ? path : [...path, 'port']
}

/** What the remedy for a missing Service is. */
function meantService({ namespace, name }: ServiceRef, set: ManifestSet): string | undefined {
  if (set.lookup.service(namespace, name) !== undefined) return undefined
  return set.meantName({ kind: 'Service', namespace, name })
}

/** A mirror to a backend of the same rule: nobody wants each request twice there, unless by share. */
function checkMirrors(route: Route): Finding[] {
  if (route.kind !== 'HTTPRoute' && route.kind !== 'GRPCRoute') return []
  return route.spec.rules.flatMap(({ filters, backendRefs }, i) =>
    filters.flatMap((filter, j) => {
      if (filter.type !== 'RequestMirror') return []
      const { namespace, name, port } = filter.requestMirror.backendRef
      const isSame = backendRefs.some((ref) => ref.namespace === namespace && ref.name === name && ref.port === port)
      if (!isSame) return []
      const path: Path = ['spec', 'rules', i, 'filters', j, 'requestMirror', 'backendRef']
      return warningAt(path, `mirrors to Service ${namespace}/${name}, which gets the requests of this rule anyway`)
    }),
  )
}
