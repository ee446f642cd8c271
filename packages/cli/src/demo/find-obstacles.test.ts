import type { Edge, StatRow, WorkloadInstance } from '@heddle/api/admin'
import { expect, test } from 'vitest'
import { type ExpectedWorkload, findObstacles, type Observation } from './find-obstacles.ts'

const WEB: ExpectedWorkload = { namespace: 'emojivote', name: 'web', replicas: 1, isServer: true }
const BOT: ExpectedWorkload = { namespace: 'emojivote', name: 'vote-bot', replicas: 1, isServer: false }

const instance = (workload: string, differs: Partial<WorkloadInstance> = {}) =>
  ({
    namespace: 'emojivote',
    workload,
    instance: `${workload}-0`,
    meshed: true,
    ready: true,
    reason: '',
    serial: '01',
    ...differs,
  }) as WorkloadInstance
const edge = (differs: Partial<Edge> = {}) =>
  ({
    srcNamespace: 'emojivote',
    src: 'vote-bot',
    dstNamespace: 'emojivote',
    dst: 'web',
    secured: true,
    reason: 'mtls',
    ...differs,
  }) as Edge
const row = (differs: Partial<StatRow> = {}) =>
  ({ namespace: 'emojivote', name: 'web', requestsSuccess: 10n, ...differs }) as StatRow

const GOOD: Observation = {
  instances: [instance('web'), instance('vote-bot')],
  edges: [edge()],
  received: [row()],
  answersTo: new Map([['emojivote/vote-bot', 10]]),
}

test('findObstacles() finds none when every workload is secured and answered', () => {
  expect(findObstacles([WEB, BOT], GOOD)).toEqual([])
})

test('findObstacles() takes connections for answers where nothing is counted by request', () => {
  const received = [row({ requestsSuccess: 0n, tcpConnections: 1 })]
  expect(findObstacles([WEB, BOT], { ...GOOD, received })).toEqual([])
})

test.each<{ name: string; differs: Partial<Observation>; obstacle: RegExp }>([
  { name: 'a missing instance', differs: { instances: [instance('vote-bot')] }, obstacle: /^web: 0 of 1 instances/ },
  {
    name: 'an instance without certificate',
    differs: { instances: [instance('web', { serial: '' }), instance('vote-bot')] },
    obstacle: /^web-0: has no certificate/,
  },
  {
    name: 'an instance that is not ready',
    differs: { instances: [instance('web', { ready: false, reason: 'refused' }), instance('vote-bot')] },
    obstacle: /^web-0: is not ready: refused/,
  },
  {
    name: 'traffic in plain',
    differs: { edges: [edge(), edge({ src: '', secured: false, reason: 'peer_not_meshed' })] },
    obstacle: /^web: traffic from outside to web is not secured: peer_not_meshed/,
  },
  { name: 'no traffic at all', differs: { edges: [] }, obstacle: /^web: no traffic/ },
  { name: 'no answer', differs: { received: [row({ requestsSuccess: 0n })] }, obstacle: /^web: answered no request/ },
  { name: 'a client without answers', differs: { answersTo: new Map() }, obstacle: /^vote-bot: nothing that it asked/ },
])('findObstacles() names $name', ({ differs, obstacle }) => {
  expect(findObstacles([WEB, BOT], { ...GOOD, ...differs })[0]).toMatch(obstacle)
})
