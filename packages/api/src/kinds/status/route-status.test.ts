import { describe, expect, test } from 'vitest'
import { documents, route, service } from '../../manifest/manifest-fixture.ts'
import { ManifestLookup } from '../../manifest/manifest-lookup.ts'
import { parseManifests } from '../../manifest/parse-manifests.ts'
import { formatRef, refOf } from '../mesh-object.ts'
import { isRoute } from '../route.ts'
import { routeStatus } from './route-status.ts'

const WEB = service('ports: [{name: http, port: 80}, {name: grpc, port: 9090}, {name: dns, port: 53, protocol: UDP}]')
const VAULT = service('ports: [{port: 80}]', 'vault-svc').replace('namespace: shop', 'namespace: bank')
const OUTSIDE = service('type: ExternalName\nexternalName: old.example', 'old-svc')
const WORLD = documents(WEB, VAULT, OUTSIDE)

interface Written {
  readonly kind?: string
  readonly name?: string
  readonly namespace?: string
  /** Of the parentRef, beside group and kind. */
  readonly parent?: string
  readonly backend?: string
  readonly created?: string
}

function written(options: Written): string {
  const { kind = 'HTTPRoute', name = 'r', namespace = 'shop', parent = 'name: web-svc', created } = options
  const { backend = 'name: web-svc, port: 80' } = options
  const spec = `parentRefs: [{group: "", kind: Service, ${parent}}]\nrules: [{backendRefs: [{${backend}}]}]`
  const text = route(kind, kind === 'TLSRoute' ? `hostnames: [a.example]\n${spec}` : spec, name)
  const meta = created === undefined ? '' : `, creationTimestamp: "${created}"`
  return text.replace('namespace: shop}', `namespace: ${namespace}${meta}}`)
}

/** `TYPE REASON` of each condition of each parent of the first route, and their sentences. */
function statusOf(...texts: readonly string[]) {
  const { objects } = parseManifests([{ path: 'f', text: documents(...texts, WORLD) }])
  const lookup = new ManifestLookup(new Map(objects.map((object) => [formatRef(refOf(object)), { object }])))
  const first = objects.find(isRoute)
  const conditions = first === undefined ? [] : routeStatus(first, lookup).flatMap((parent) => parent.conditions)
  return {
    reasons: conditions.map(({ type, status, reason }) => (status === 'True' ? reason : `not ${type}: ${reason}`)),
    messages: conditions.map(({ message }) => message),
  }
}

const ALL_GOOD = ['Accepted', 'ResolvedRefs']

describe('routeStatus()', () => {
  test.each([
    { what: 'a route that is in force', route: {}, reasons: ALL_GOOD },
    { what: 'a port of the parent', route: { parent: 'name: web-svc, port: 9090' }, reasons: ALL_GOOD },
    { what: 'a section of the parent', route: { parent: 'name: web-svc, sectionName: grpc' }, reasons: ALL_GOOD },
    {
      what: 'a section and a port that are not the same',
      route: { parent: 'name: web-svc, sectionName: grpc, port: 80' },
      reasons: ['not Accepted: NoMatchingParent', 'ResolvedRefs'],
    },
    {
      what: 'a port that is not of TCP',
      route: { parent: 'name: web-svc, port: 53' },
      reasons: ['not Accepted: NoMatchingParent', 'ResolvedRefs'],
    },
    {
      what: 'a parent that is missing',
      route: { parent: 'name: web' },
      reasons: ['not Accepted: NoMatchingParent', 'ResolvedRefs'],
    },
    {
      what: 'a parent that is an ExternalName',
      route: { parent: 'name: old-svc' },
      reasons: ['not Accepted: NoMatchingParent', 'ResolvedRefs'],
    },
    {
      what: 'a backend that is missing',
      route: { backend: 'name: web, port: 80' },
      reasons: ['Accepted', 'not ResolvedRefs: BackendNotFound'],
    },
    {
      what: 'a port of a backend that is missing',
      route: { backend: 'name: web-svc, port: 81' },
      reasons: ['Accepted', 'not ResolvedRefs: BackendNotFound'],
    },
    {
      what: 'a backend that is an ExternalName',
      route: { backend: 'name: old-svc, port: 80' },
      reasons: ['Accepted', 'not ResolvedRefs: UnsupportedValue'],
    },
    {
      what: 'a backend of another namespace without grant, before it is looked up',
      route: { backend: 'name: nobody, namespace: bank, port: 80' },
      reasons: ['Accepted', 'not ResolvedRefs: RefNotPermitted'],
    },
  ])('$what', ({ route: options, reasons }) => {
    expect(statusOf(written(options)).reasons).toEqual(reasons)
  })

  test.each([
    { grant: 'from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}]', isEnough: true },
    { grant: 'from: [{group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: shop}]', isEnough: false },
    { grant: 'from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: bank}]', isEnough: false },
    { grant: 'from: [{group: "", kind: HTTPRoute, namespace: shop}]', isEnough: false },
  ])('a backend of another namespace with the grant $grant', ({ grant, isEnough }) => {
    const text = (to: string) => route('ReferenceGrant', `${grant}\nto: [{group: "", kind: Service${to}}]`)
    const granted = (to: string) => text(to).replace('namespace: shop}\nspec', 'namespace: bank}\nspec')
    const asked = written({ backend: 'name: vault-svc, namespace: bank, port: 80' })
    const wanted = isEnough ? ALL_GOOD : ['Accepted', 'not ResolvedRefs: RefNotPermitted']
    expect(statusOf(asked, granted('')).reasons).toEqual(wanted)
    expect(statusOf(asked, granted(', name: vault-svc')).reasons).toEqual(wanted)
    expect(statusOf(asked, granted(', name: other')).reasons[1]).toBe('not ResolvedRefs: RefNotPermitted')
    expect(statusOf(asked, text('')).reasons[1]).toBe('not ResolvedRefs: RefNotPermitted')
  })

  test.each([
    { first: 'HTTPRoute', second: 'GRPCRoute' },
    { first: 'TLSRoute', second: 'HTTPRoute' },
    { first: 'TCPRoute', second: 'TLSRoute' },
  ])('of two kinds at one port $second goes before $first', ({ first, second }) => {
    const [one, other] = [written({ kind: first }), written({ kind: second, name: 'other' })]
    expect(statusOf(one, other).reasons).toEqual(['not Accepted: Conflicted', 'ResolvedRefs'])
    expect(statusOf(other, one).reasons).toEqual(ALL_GOOD)
  })

  test('a route of a more specific kind at one of two ports, or for other clients, leaves the others be', () => {
    const elsewhere = written({ kind: 'GRPCRoute', name: 'g', parent: 'name: web-svc, port: 9090' })
    expect(statusOf(written({}), elsewhere).reasons).toEqual(ALL_GOOD)
    const consumer = written({
      kind: 'GRPCRoute',
      name: 'g',
      namespace: 'bank',
      parent: 'name: web-svc, namespace: shop',
    })
    expect(statusOf(written({}), consumer).reasons).toEqual(ALL_GOOD)
  })

  test('a route for clients of its own namespace says so', () => {
    const consumer = written({
      namespace: 'bank',
      parent: 'name: web-svc, namespace: shop',
      backend: 'name: vault-svc, port: 80',
    })
    expect(statusOf(consumer).messages[0]).toBe(
      'in force for clients of Service shop/web-svc in namespace bank only, in place of the routes in namespace shop',
    )
  })

  test('a route back to the Service that was asked for needs no grant, one to another Service does', () => {
    const back = { namespace: 'bank', parent: 'name: web-svc, namespace: shop' }
    expect(statusOf(written({ ...back, backend: 'name: web-svc, namespace: shop, port: 80' })).reasons).toEqual(
      ALL_GOOD,
    )
    const other = service('ports: [{port: 80}]', 'other-svc')
    expect(
      statusOf(written({ ...back, backend: 'name: other-svc, namespace: shop, port: 80' }), other).reasons,
    ).toEqual(['Accepted', 'not ResolvedRefs: RefNotPermitted'])
  })

  test('a mirror that leads nowhere is a reference that leads nowhere', () => {
    const mirror = written({}).replace(
      'rules: [{',
      'rules: [{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: nobody, port: 80}}}], ',
    )
    expect(statusOf(mirror).messages[1]).toBe('there is no Service shop/nobody')
  })
})
