import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  ConfigObjectSchema,
  EdgeSchema,
  GetHealthResponseSchema,
  GetVersionResponseSchema,
  ProxyStatusSchema,
  RootStatusSchema,
  RootStep,
  StatRowSchema,
  WorkloadInstanceSchema,
} from '@heddle/api/admin'
import { describe, expect, test } from 'vitest'
import { isHealthy, type MeshFacts } from './check.ts'
import { judgeMesh, judgeUnreachable } from './judge-mesh.ts'

const NOW_MS = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const workloadOf = (change: MessageInitShape<typeof WorkloadInstanceSchema>) =>
  create(WorkloadInstanceSchema, {
    namespace: 'shop',
    workload: 'web',
    instance: 'web-0',
    meshed: true,
    ready: true,
    notBeforeMs: BigInt(NOW_MS - HOUR_MS),
    notAfterMs: BigInt(NOW_MS + 23 * HOUR_MS),
    ...change,
  })
const proxyOf = (change: MessageInitShape<typeof ProxyStatusSchema>) =>
  create(ProxyStatusSchema, {
    namespace: 'shop',
    instance: 'web-0',
    workload: 'web',
    proxyVersion: '0.1.0',
    connected: true,
    sequenceSent: 4n,
    sequenceApplied: 4n,
    ...change,
  })
const healthOf = (change: MessageInitShape<typeof GetHealthResponseSchema>) =>
  create(GetHealthResponseSchema, {
    nowMs: BigInt(NOW_MS),
    rootNotAfterMs: BigInt(NOW_MS + 3650 * DAY_MS),
    issuerNotAfterMs: BigInt(NOW_MS + 365 * DAY_MS),
    ...change,
  })
const faultyOf = (kind: string, reason: string) =>
  create(ConfigObjectSchema, {
    ref: { kind, namespace: 'shop', name: 'cart' },
    conditions: [
      { about: 'Service shop/cart', type: 'Accepted', status: 'False', reason, message: 'there is none' },
      { about: 'Service shop/cart', type: 'Programmed', status: 'False', reason: 'Pending', message: 'on its way' },
    ],
  })
const edgeOf = (change: MessageInitShape<typeof EdgeSchema>) =>
  create(EdgeSchema, { srcNamespace: 'shop', src: 'web', dstNamespace: 'shop', dst: 'db', secured: true, ...change })

const WELL: MeshFacts = {
  clientVersion: '0.1.0',
  version: create(GetVersionResponseSchema, { version: '0.1.0' }),
  health: healthOf({}),
  faultyObjects: [],
  localNowMs: NOW_MS,
  roundTripMs: 2,
  deployments: [create(StatRowSchema, { namespace: 'shop', name: 'web', meshed: 1, total: 1 })],
  workloads: [workloadOf({})],
  proxies: [proxyOf({})],
  edges: [edgeOf({})],
}

/** The checks that are not well, with what they say. */
function complaints(facts: MeshFacts) {
  return judgeMesh(facts).flatMap(({ checks }) =>
    checks.flatMap(({ id, verdict }) => {
      if (verdict.kind === 'success') return []
      return [{ id, kind: verdict.kind, details: verdict.details.join('\n') }]
    }),
  )
}

test('a mesh that is well passes every check', () => {
  expect(complaints(WELL)).toEqual([])
  expect(isHealthy(judgeMesh(WELL))).toBe(true)
})

describe('judgeMesh() complains of', () => {
  test.each<{ readonly id: string; readonly kind: string; readonly says: string; readonly change: Partial<MeshFacts> }>(
    [
      {
        id: 'clock-skew',
        kind: 'error',
        says: 'this host is 2m behind the control plane',
        change: { health: healthOf({ nowMs: BigInt(NOW_MS + 120_002) }) },
      },
      {
        id: 'control-plane-version',
        kind: 'warning',
        says: 'command line 0.2.0, control plane 0.1.0',
        change: { clientVersion: '0.2.0' },
      },
      {
        id: 'configuration-valid',
        kind: 'error',
        says: 'shop.yaml:3:1: unknown field',
        change: { health: healthOf({ configurationProblems: ['shop.yaml:3:1: unknown field'] }) },
      },
      {
        id: 'objects-accepted',
        kind: 'error',
        says: 'HTTPRoute shop/cart, Service shop/cart: not Accepted (NoMatchingParent): there is none',
        change: { faultyObjects: [faultyOf('HTTPRoute', 'NoMatchingParent'), faultyOf('FaultPolicy', 'Expired')] },
      },
      {
        id: 'objects-accepted',
        kind: 'warning',
        says: 'FaultPolicy shop/cart, Service shop/cart: not Accepted (Expired): there is none',
        change: { faultyObjects: [faultyOf('FaultPolicy', 'Expired')] },
      },
      {
        id: 'root-validity',
        kind: 'warning',
        says: 'the root certificate expires in 59d',
        change: { health: healthOf({ rootNotAfterMs: BigInt(NOW_MS + 59 * DAY_MS) }) },
      },
      {
        id: 'issuer-validity',
        kind: 'error',
        says: 'the issuer certificate expired at 2025-12-31T00:00:00Z',
        change: { health: healthOf({ issuerNotAfterMs: BigInt(NOW_MS - DAY_MS) }) },
      },
      {
        id: 'root-change',
        kind: 'warning',
        says: 'the next root is prepared since 2026-01-01T00:00:00Z, and signs in 1h at the earliest',
        change: {
          health: healthOf({
            root: create(RootStatusSchema, {
              step: RootStep.PREPARED,
              sinceMs: BigInt(NOW_MS),
              remainingMs: 3_600_000n,
            }),
          }),
        },
      },
      {
        id: 'root-change',
        kind: 'warning',
        says: 'next-root.pem: damaged',
        change: { health: healthOf({ root: create(RootStatusSchema, { problem: 'next-root.pem: damaged' }) }) },
      },
      { id: 'workloads-exist', kind: 'warning', says: 'no instance', change: { deployments: [], workloads: [] } },
      {
        id: 'workloads-complete',
        kind: 'error',
        says: 'shop/web has 1 of 2 instances',
        change: { deployments: [create(StatRowSchema, { namespace: 'shop', name: 'web', total: 2 })] },
      },
      {
        id: 'workloads-ready',
        kind: 'error',
        says: 'shop/web-0: connection refused',
        change: { workloads: [workloadOf({ ready: false, reason: 'connection refused' })] },
      },
      {
        id: 'proxies-connected',
        kind: 'error',
        says: 'shop/web-0 is not connected',
        change: { proxies: [proxyOf({ connected: false, sequenceSent: 0n, sequenceApplied: 0n })] },
      },
      {
        id: 'configuration-applied',
        kind: 'error',
        says: 'applied on 1 of 2 proxies\nshop/web-1 has applied 3 of 4 changes',
        change: { proxies: [proxyOf({}), proxyOf({ instance: 'web-1', sequenceApplied: 3n })] },
      },
      {
        id: 'configuration-applied',
        kind: 'error',
        says: 'shop/web-0 refused a change: no such address',
        change: { proxies: [proxyOf({ problems: ['no such address'] })] },
      },
      {
        id: 'proxy-versions',
        kind: 'warning',
        says: 'shop/web-0 is 0.0.9, the control plane 0.1.0',
        change: { proxies: [proxyOf({ proxyVersion: '0.0.9' })] },
      },
      {
        id: 'certificates-valid',
        kind: 'error',
        says: 'shop/web-0: expired at 2025-12-31T23:00:00Z',
        change: { workloads: [workloadOf({ notAfterMs: BigInt(NOW_MS - HOUR_MS) })] },
      },
      {
        id: 'certificates-valid',
        kind: 'warning',
        says: 'shop/web-0: expires in 4h, renewal is overdue',
        change: {
          workloads: [
            workloadOf({ notBeforeMs: BigInt(NOW_MS - 20 * HOUR_MS), notAfterMs: BigInt(NOW_MS + 4 * HOUR_MS) }),
          ],
        },
      },
      {
        id: 'certificates-valid',
        kind: 'warning',
        says: 'shop/web-0 has not reported one',
        change: { workloads: [workloadOf({ notBeforeMs: 0n, notAfterMs: 0n })] },
      },
      {
        id: 'edges-secured',
        kind: 'warning',
        says: 'shop/web to (external) is in plain: destination_unmeshed',
        change: {
          edges: [edgeOf({ secured: false, dst: '(external)', dstNamespace: '', reason: 'destination_unmeshed' })],
        },
      },
    ],
  )('$id: $says', ({ id, kind, says, change }) => {
    const facts = { ...WELL, ...change }
    expect(complaints(facts)).toEqual([{ id, kind, details: expect.stringContaining(says) }])
    expect(isHealthy(judgeMesh(facts))).toBe(kind === 'warning')
  })

  test.each([
    { name: 'a clock that differs by a minute', change: { health: healthOf({ nowMs: BigInt(NOW_MS - 60_000) }) } },
    {
      name: 'a clock whose answer was long on its way',
      change: { health: healthOf({ nowMs: BigInt(NOW_MS - 70_000) }), roundTripMs: 10_000 },
    },
    {
      name: 'an application without a proxy that has no certificate',
      change: { workloads: [workloadOf({ meshed: false, notBeforeMs: 0n, notAfterMs: 0n })] },
    },
  ])('nothing for $name', ({ change }) => {
    expect(complaints({ ...WELL, ...change })).toEqual([])
  })
})

test('an unreachable control plane is one failed check with what to try', () => {
  const results = judgeUnreachable('no mesh runs here', ['start one with "heddle up DIR"'])
  expect(isHealthy(results)).toBe(false)
  expect(results).toMatchObject([
    {
      name: 'control-plane',
      checks: [{ verdict: { details: ['no mesh runs here'], remedy: 'start one with "heddle up DIR".' } }],
    },
  ])
})
