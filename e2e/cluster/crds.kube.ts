import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Cluster } from './cluster.ts'
import { installOwnCrds } from './own-crds.ts'
import { startCluster } from './start-cluster.ts'
import { tellFailure } from './tell-failure.ts'

/** What the API server makes of Heddle's kinds by their CRDs alone: without a control plane, and so without its webhook. In order. */

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({ name: `c-${process.pid.toString(36)}`, tier: 'api' })
  await installOwnCrds(cluster)
})
afterAll(() => cluster?.stop())
afterEach((context) => tellFailure(cluster, context))

const policy = (name: string, kind: string, spec: object): object => ({
  apiVersion: 'heddle.dev/v1alpha1',
  kind,
  metadata: { name, namespace: 'default' },
  spec,
})
const target = { targetRefs: [{ kind: 'Service', name: 'cart' }] }
const backend = policy('cart', 'BackendPolicy', { ...target, balancer: { type: 'LeastRequest' } })

test('CRDs take objects, fill in what is not said, and show them together', async () => {
  const objects = [
    backend,
    policy('cart', 'TrafficPolicy', { ...target, retry: {} }),
    policy('cart', 'FaultPolicy', { ...target, until: inAnHour(), faults: [{ percent: 1, abortStatus: 503 }] }),
    policy('cart', 'Workload', { addresses: ['192.0.2.7'] }),
  ]
  await cluster.kubectl(['apply', '-f', '-'], { input: objects })
  const shown = await cluster.kubectl(['get', 'heddle', '--output=name'])
  expect(shown.split('\n').filter((name) => name !== '')).toEqual([
    'backendpolicy.heddle.dev/cart',
    'faultpolicy.heddle.dev/cart',
    'trafficpolicy.heddle.dev/cart',
    'workload.heddle.dev/cart',
  ])
  const retry = ['get', 'tpol', 'cart', '--output=jsonpath={.spec.retry.attempts} {.spec.targetRefs[0].group}.']
  expect(await cluster.kubectl(retry)).toBe('1 .')
  expect(await cluster.kubectl(['get', 'bpol,fpol,wl'])).toMatch(/TARGETS +ACCEPTED +AGE[\s\S]*UNTIL[\s\S]*ADDRESSES/)
})

const bad = { ...target, balancer: { type: 'RingHash' } }

test.each([
  { what: 'a rule over two fields', object: policy('x', 'BackendPolicy', bad), says: 'spec.balancer.hashOn' },
  {
    what: 'a field that there is not',
    object: policy('x', 'TrafficPolicy', { ...target, retries: {} }),
    says: 'retries',
  },
  {
    what: 'a duration out of bounds',
    object: policy('x', 'BackendPolicy', { ...target, slowStart: '1ms' }),
    says: 'expected a duration from 1s to 1h',
  },
  {
    what: 'a port that is no name',
    object: policy('x', 'Workload', { addresses: ['192.0.2.7'], healthCheck: { tcpSocket: { port: '--' } } }),
    says: 'port',
  },
  { what: 'a name twice in a list', object: policy('x', 'Workload', twice()), says: 'Duplicate value' },
])('CRDs refuse $what', async ({ object, says }) => {
  const { status, stderr } = await cluster.tryKubectl(['apply', '--dry-run=server', '-f', '-'], { input: object })
  expect(status).not.toBe(0)
  expect(stderr).toContain(says)
})

test('CRDs keep a status apart from the rest', async () => {
  const status = { conditions: [condition('Accepted'), condition('ResolvedRefs')] }
  const patch = JSON.stringify({
    status: { ancestors: [{ ancestorRef: { name: 'cart' }, controllerName: 'x/y', ...status }] },
  })
  await cluster.kubectl(['patch', 'bpol', 'cart', '--subresource=status', '--type=merge', `--patch=${patch}`])
  const fields = '--output=jsonpath={.metadata.generation} {.status.ancestors[0].conditions[1].type}'
  expect(await cluster.kubectl(['get', 'bpol', 'cart', fields])).toBe('1 ResolvedRefs')
})

function twice(): object {
  const port = { name: 'http', port: 80 }
  return { command: ['web'], ports: [port, { ...port, port: 81 }] }
}

function inAnHour(): string {
  return new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, '')
}

function condition(type: string): object {
  const lastTransitionTime = '2026-01-01T00:00:00Z'
  return { type, status: 'True', reason: type, message: 'in force', lastTransitionTime }
}
