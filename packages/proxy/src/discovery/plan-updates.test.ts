import type { DestinationJson, EndpointJson } from '@heddle/api/discovery'
import type { RouteJson } from '@heddle/api/discovery/route'
import { compileRegex } from '@heddle/engine/route/regex'
import { describe, expect, test } from 'vitest'
import { TRAFFIC_MANAGEMENT } from '../routing/traffic-management.ts'
import type { Destination, ServiceDestination } from '../workload.ts'
import { planUpdates, replaceContent } from './plan-updates.ts'

const KEY = 'name:voting-svc.emojivote:8080'

function endpoint(instance: string, more: EndpointJson = {}): EndpointJson {
  return {
    id: `emojivote/${instance}:8080`,
    address: '10.0.0.7',
    port: 8080,
    identity: 'spiffe://heddle.local/ns/emojivote/sa/voting',
    serverName: 'voting.emojivote.sa.heddle.local',
    namespace: 'emojivote',
    workload: 'voting',
    instance,
    weight: 1,
    ...more,
  }
}

function service(version: string, endpoints: EndpointJson[]): DestinationJson {
  return {
    version,
    service: { namespace: 'emojivote', name: 'voting-svc', port: 8080, protocol: 'PROTOCOL_HTTP1', endpoints },
  }
}

function held(json: DestinationJson): Destination {
  return planUpdates([{ key: KEY, destination: json }], () => undefined).next.get(KEY)!
}

describe('planUpdates()', () => {
  test('reads a Service with its endpoints', () => {
    const { next, problems } = planUpdates(
      [{ key: KEY, destination: service('v1', [endpoint('voting-0', { locality: { region: 'r', zone: 'z' } })]) }],
      () => undefined,
    )
    expect(problems).toEqual([])
    expect(next.get(KEY)).toEqual({
      kind: 'service',
      namespace: 'emojivote',
      name: 'voting-svc',
      port: 8080,
      protocol: 'http1',
      version: 'v1',
      endpoints: [
        {
          id: 'emojivote/voting-0:8080',
          address: '10.0.0.7',
          port: 8080,
          identity: 'spiffe://heddle.local/ns/emojivote/sa/voting',
          serverName: 'voting.emojivote.sa.heddle.local',
          namespace: 'emojivote',
          workload: 'voting',
          instance: 'voting-0',
          region: 'r',
          zone: 'z',
          weight: 1,
        },
      ],
    })
  })

  test.each<{ name: string; json: DestinationJson; kind: string }>([
    {
      name: 'an endpoint of its own, without identity',
      json: { version: 'v', endpoint: { id: 'a/b:1', address: '::1', port: 1 } },
      kind: 'endpoint',
    },
    { name: 'something unmeshed', json: { version: 'v', unmeshed: {} }, kind: 'unmeshed' },
    { name: 'something missing', json: { version: 'v', notFound: { reason: 'no such Service' } }, kind: 'missing' },
  ])('reads $name', ({ json, kind }) => {
    expect(held(json)).toMatchObject({ kind, version: 'v' })
  })

  test('applies a delta to the version it builds on', () => {
    const base = held(service('v1', [endpoint('voting-0'), endpoint('voting-1')]))
    const delta = {
      baseVersion: 'v1',
      version: 'v2',
      removedEndpointIds: ['emojivote/voting-0:8080'],
      upsertedEndpoints: [endpoint('voting-2', { weight: 3 })],
    }
    const { next, outdated } = planUpdates([{ key: KEY, delta }], () => base)
    expect(outdated).toEqual([])
    expect(next.get(KEY)).toMatchObject({
      version: 'v2',
      endpoints: [{ instance: 'voting-1' }, { instance: 'voting-2', weight: 3 }],
    })
  })

  test('keeps an endpoint that a delta removes and names anew', () => {
    const base = held(service('v1', [endpoint('voting-0')]))
    const upsertedEndpoints = [endpoint('voting-0', { weight: 3 })]
    const removedEndpointIds = ['emojivote/voting-0:8080']
    const delta = { baseVersion: 'v1', version: 'v2', removedEndpointIds, upsertedEndpoints }
    const { next } = planUpdates([{ key: KEY, delta }], () => base)
    expect(next.get(KEY)).toMatchObject({ endpoints: [{ instance: 'voting-0', weight: 3 }] })
  })

  test('builds one delta on another of the same message', () => {
    const base = held(service('v1', [endpoint('voting-0')]))
    const updates = [
      { key: KEY, delta: { baseVersion: 'v1', version: 'v2', upsertedEndpoints: [endpoint('voting-1')] } },
      { key: KEY, delta: { baseVersion: 'v2', version: 'v3', upsertedEndpoints: [endpoint('voting-2')] } },
    ]
    expect(planUpdates(updates, () => base).next.get(KEY)).toMatchObject({ version: 'v3', endpoints: { length: 3 } })
  })

  test.each([
    { name: 'another version', base: held(service('v0', [])) },
    { name: 'something that is no Service', base: held({ version: 'v1', unmeshed: {} }) },
    { name: 'nothing', base: undefined },
  ])('asks for the whole when a delta builds on $name', ({ base }) => {
    const delta = { baseVersion: 'v1', version: 'v2' }
    expect(planUpdates([{ key: KEY, delta }], () => base)).toMatchObject({ outdated: [KEY], problems: [] })
  })

  test.each<{ name: string; json: DestinationJson; problem: string }>([
    { name: 'no version', json: { unmeshed: {} }, problem: 'without version' },
    { name: 'an unknown kind', json: { version: 'v' }, problem: 'kind that this proxy does not know' },
    { name: 'a host name for an address', json: service('v', [endpoint('x', { address: 'host' })]), problem: '"host"' },
    { name: 'a port that is none', json: service('v', [endpoint('x', { port: 0 })]), problem: 'port 0' },
    {
      name: 'an identity that is none',
      json: service('v', [endpoint('x', { identity: 'x' })]),
      problem: 'identity "x"',
    },
    { name: 'an identity without server name', json: service('v', [endpoint('x', { serverName: '' })]), problem: '""' },
  ])('refuses $name', ({ json, problem }) => {
    const { problems } = planUpdates([{ key: KEY, destination: json }], () => undefined)
    expect(problems).toEqual([expect.stringContaining(problem)])
  })
})

describe('replaceContent()', () => {
  test('keeps the object, and the endpoints that are equal', () => {
    const before = held(service('v1', [endpoint('voting-0'), endpoint('voting-1')]))
    const [first, second] = before.kind === 'service' ? before.endpoints : []
    replaceContent(before, held(service('v2', [endpoint('voting-0'), endpoint('voting-1', { weight: 2 })])))
    const after = before.kind === 'service' ? before.endpoints : []
    expect(before.version).toBe('v2')
    expect(after[0]).toBe(first)
    expect(after[1]).not.toBe(second)
  })

  test('leaves nothing of another kind behind', () => {
    const before = held(service('v1', [endpoint('voting-0')]))
    replaceContent(before, held({ version: 'v2', notFound: { reason: 'gone' } }))
    expect(before).toEqual({ kind: 'missing', reason: 'gone', version: 'v2' })
  })
})

describe('planUpdates() with routes', () => {
  const routes = (value: string): RouteJson[] => [
    {
      kind: 'ROUTE_KIND_HTTP',
      namespace: 'emojivote',
      name: 'canary',
      rules: [{ matches: [{ path: { type: 'MATCH_TYPE_REGULAR_EXPRESSION', value } }] }],
    },
  ]
  const routed = (version: string, value: string, endpoints: EndpointJson[]): DestinationJson => {
    const json = service(version, endpoints)
    return { ...json, service: { ...json.service!, routes: routes(value) } }
  }
  const plan = (destination: DestinationJson, before?: Destination) =>
    planUpdates([{ key: KEY, destination }], () => before, { management: TRAFFIC_MANAGEMENT, regex: compileRegex })

  test('compiles them once, as long as they stay the same', () => {
    const before = plan(routed('v1', '/v[0-9]', [])).next.get(KEY) as ServiceDestination
    const after = plan(routed('v2', '/v[0-9]', [endpoint('voting-0')]), before).next.get(KEY) as ServiceDestination
    const other = plan(routed('v3', '/w[0-9]', []), after).next.get(KEY) as ServiceDestination
    expect(before.routing?.requests.kind).toBe('http')
    expect(after.routing).toBe(before.routing)
    expect(other.routing).not.toBe(after.routing)
  })

  test('refuses those that cannot be compiled, with the reason', () => {
    const { next, problems } = plan(routed('v1', '/(', []))
    expect(next.size).toBe(0)
    expect(problems).toEqual([expect.stringContaining(`${KEY}: HTTPRoute emojivote/canary, rule 1: the regular`)])
  })

  test('refuses them as long as the code for them is not there', () => {
    const { problems } = planUpdates([{ key: KEY, destination: routed('v1', '/', []) }], () => undefined)
    expect(problems).toEqual([`${KEY}: the code of traffic management is not loaded`])
  })
})
