import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import { expect, test, vi } from 'vitest'
import { FakeCluster } from '../../test/fake-cluster.ts'
import { followPeers } from './peer-addresses.ts'

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 })

const warnings: string[] = []
const log = createLog((line) => warnings.push(line), 'warn')

interface Endpoint {
  readonly pod: string
  readonly address: string
  readonly conditions?: object
}

function slice(name: string, endpoints: readonly Endpoint[], more: object = {}) {
  const labels = { 'kubernetes.io/service-name': 'heddle-control' }
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'heddle', name, labels },
    addressType: 'IPv4',
    ports: [
      { name: 'other', port: 1 },
      { name: 'api', port: 15010 },
    ],
    endpoints: endpoints.map(({ pod, address, conditions = { ready: true } }) => {
      return { addresses: [address], conditions, targetRef: { kind: 'Pod', name: pod } }
    }),
    ...more,
  }
}

test('replicas are told by the endpoints of their Service, each once and oneself not', async () => {
  const cluster = new FakeCluster()
  const ended = new AbortController()
  const own = () => new Set(['10.0.0.1:15010'])
  const peers = followPeers({ client: cluster, namespace: 'heddle', own, clock: systemClock, log }, ended.signal)
  const gone = { ready: false, serving: false, terminating: true }
  const going = { ready: false, serving: true, terminating: true }
  cluster.put(
    slice('four', [
      { pod: 'a', address: '10.0.0.1' },
      { pod: 'b', address: '10.0.0.2' },
      { pod: 'c', address: '10.0.0.3', conditions: going },
      { pod: 'd', address: '10.0.0.4', conditions: gone },
    ]),
  )
  await eventually(() => expect(peers()).toEqual(['10.0.0.2:15010', '10.0.0.3:15010']))
  cluster.put(
    slice('six', [
      { pod: 'a', address: 'fd00::1' },
      { pod: 'b', address: 'fd00::2' },
    ]),
  )
  cluster.put({ ...slice('empty', []), endpoints: null, ports: null })
  cluster.put(slice('names', [{ pod: 'e', address: 'control.example' }], { addressType: 'FQDN' }))
  cluster.put(slice('without', [{ pod: 'f', address: '10.0.0.9' }], { ports: [{ name: 'web', port: 80 }] }))
  await eventually(() => expect(peers().length).toBe(2))
  expect(new Set(peers().map((address) => address.includes('::2') || address.includes('.2:')))).toContain(true)
  expect(warnings).toEqual([])
  ended.abort()
})
