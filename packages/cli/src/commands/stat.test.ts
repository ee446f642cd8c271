import type { MessageInitShape } from '@bufbuild/protobuf'
import { ResourceKind, type StatRequest, type StatRowSchema } from '@heddle/api/admin'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { type CommandWorld, runCommand } from '../../test/command-world.ts'
import { stat } from './stat.ts'

type Row = MessageInitShape<typeof StatRowSchema>

const WEB: Row = {
  kind: ResourceKind.DEPLOYMENT,
  namespace: 'emojivote',
  name: 'web',
  meshed: 1,
  total: 1,
  successRate: 0.928_571,
  rps: 9.9,
  latencyP50Us: 1840,
  latencyP95Us: 12_600,
  latencyP99Us: 1_250_000,
  tcpConnections: 3,
  readBytesPerSecond: 1234.56,
  writeBytesPerSecond: 99_000,
  grpcStatuses: [
    { status: 0, count: 540n },
    { status: 13, count: 45n },
    { status: 17, count: 1n },
  ],
}
/** Nothing was counted: no requests, no proxy. */
const VOTING: Row = { kind: ResourceKind.DEPLOYMENT, namespace: 'emojivote', name: 'voting', meshed: 0, total: 2 }

function answering(rows: readonly Row[]) {
  const asked: StatRequest[] = []
  const world: CommandWorld = {
    admin: {
      stat: (request) => {
        asked.push(request)
        return { rows: [...rows] }
      },
    },
  }
  return { world, asked }
}

test('stat shows a row for each resource, with dashes for what was not counted', async () => {
  const { world } = answering([VOTING, WEB])
  const { status, stdout, stderr } = await runCommand(stat, ['stat', 'deploy', '-n', 'emojivote'], world)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toBe(
    [
      'NAME     MESHED   SUCCESS      RPS   LATENCY_P50   LATENCY_P95   LATENCY_P99   TCP_CONN\n',
      'voting      0/2         -        -             -             -             -          -\n',
      'web         1/1    92.85%   9.9rps         1.8ms          13ms          1.3s          3\n',
    ].join(''),
  )
})

test('stat -A has a column of namespaces, and -o wide the bytes and the statuses of gRPC', async () => {
  const { world } = answering([WEB])
  const { stdout } = await runCommand(stat, ['stat', 'deploy', '-A', '-o', 'wide'], world)
  expect(stdout).toMatch(/^NAMESPACE {3}NAME/)
  expect(stdout).toMatch(/TCP_CONN {3}READ_BYTES\/SEC {3}WRITE_BYTES\/SEC {3}GRPC_STATUS\n/)
  expect(stdout).toMatch(/1234\.6B\/s {8}99000\.0B\/s {3}OK:540,INTERNAL:45,17:1\n/)
})

test('stat -o json has stable keys, ratios as numbers and null for what was not counted', async () => {
  const { world } = answering([VOTING, WEB])
  const { stdout } = await runCommand(stat, ['stat', 'deploy', '-o', 'json'], world)
  expect(JSON.parse(stdout)).toEqual([
    {
      namespace: 'emojivote',
      kind: 'deployment',
      name: 'voting',
      meshed: '0/2',
      success: null,
      rps: null,
      latency_ms_p50: null,
      latency_ms_p95: null,
      latency_ms_p99: null,
      tcp_open_connections: null,
      read_bytes_per_second: null,
      write_bytes_per_second: null,
      grpc_status: null,
    },
    {
      namespace: 'emojivote',
      kind: 'deployment',
      name: 'web',
      meshed: '1/1',
      success: 0.928_571,
      rps: 9.9,
      latency_ms_p50: 1.84,
      latency_ms_p95: 12.6,
      latency_ms_p99: 1250,
      tcp_open_connections: 3,
      read_bytes_per_second: 1234.56,
      write_bytes_per_second: 99_000,
      grpc_status: { OK: 540, INTERNAL: 45, '17': 1 },
    },
  ])
})

describe('stat asks', () => {
  test.each([
    {
      args: ['deploy', '-n', 'shop'],
      request: { resource: { kind: ResourceKind.DEPLOYMENT, namespace: 'shop', name: '' }, windowMs: 60_000 },
    },
    {
      args: ['po/web-0', '-n', 'shop', '-t', '10s'],
      request: { resource: { kind: ResourceKind.POD, namespace: 'shop', name: 'web-0' }, windowMs: 10_000 },
    },
    {
      args: ['svc', '-A', '-t', '1h30m'],
      request: { resource: { kind: ResourceKind.SERVICE, namespace: '', name: '' }, windowMs: 5_400_000 },
    },
    {
      args: ['ns', 'shop'],
      request: { resource: { kind: ResourceKind.NAMESPACE, namespace: '', name: 'shop' }, windowMs: 60_000 },
    },
    {
      args: ['deploy', 'web', '-n', 'shop', '--to', 'svc/voting-svc', '--to-namespace', 'polls'],
      request: {
        resource: { kind: ResourceKind.DEPLOYMENT, namespace: 'shop', name: 'web' },
        to: { kind: ResourceKind.SERVICE, namespace: 'polls', name: 'voting-svc' },
      },
    },
    {
      args: ['deploy', '-n', 'shop', '--from', 'deploy/web'],
      request: { from: { kind: ResourceKind.DEPLOYMENT, namespace: 'shop', name: 'web' } },
    },
  ])('for $args', async ({ args, request }) => {
    const { world, asked } = answering([WEB])
    const { status, stderr } = await runCommand(stat, ['stat', ...args], world)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(asked).toMatchObject([request])
  })
})

test.each([
  { args: ['secret'], says: 'statefulset' },
  { args: ['deploy', '-t', '9s'], says: '10s to 6h' },
  { args: ['deploy', '-t', 'soon'], says: '30s or 1h30m' },
  { args: ['deploy', '--to', 'deploy/a', '--from', 'deploy/b'], says: 'only one' },
  { args: ['deploy', '-w', '-o', 'json'], says: '--watch' },
  { args: ['deploy', '-o', 'yaml'], says: 'yaml' },
  { args: [], says: "missing required argument 'resource'" },
])('stat $args fails and says why on stderr', async ({ args, says }) => {
  const { world } = answering([WEB])
  const { status, stdout, stderr } = await runCommand(stat, ['stat', ...args], world)
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toContain(says)
})

test('stat of nothing is a note, and of one that is missing a failure', async () => {
  const { world } = answering([])
  const all = await runCommand(stat, ['stat', 'deploy'], world)
  expect(all).toMatchObject({ status: 0, stdout: '' })
  expect(all.stderr).toContain('no deployments in namespace "default"\n  other namespaces are shown with -n NAME or -A')
  const one = await runCommand(stat, ['stat', 'deploy/web'], world)
  expect(one).toMatchObject({ status: 1, stdout: '' })
  expect(one.stderr).toContain('no deployment "web" in namespace "default"')
})

describe('stat without traffic between the two', () => {
  /** Knows web and vote-bot, between which there is none. */
  const world: CommandWorld = {
    admin: {
      stat: ({ resource, to, from }) => {
        const isKnown = to === undefined && from === undefined && ['web', 'vote-bot'].includes(resource?.name ?? '')
        return { rows: isKnown ? [WEB] : [] }
      },
    },
  }

  test('says that there was none', async () => {
    const { status, stderr } = await runCommand(stat, ['stat', 'deploy/web', '--to', 'deploy/vote-bot'], world)
    expect(status).toBe(0)
    expect(stderr).toBe('no traffic of deployment "web" in namespace "default" to deploy/vote-bot in that time\n')
    const json = await runCommand(stat, ['stat', 'deploy', '--from', 'deploy/web', '-o', 'json'], world)
    expect(json).toMatchObject({ status: 0, stdout: '[]\n', stderr: '' })
  })

  test.each([{ args: ['deploy', '--to', 'deploy/nothing'] }, { args: ['deploy/nothing', '--from', 'deploy/web'] }])(
    'fails when one of them does not exist: $args',
    async ({ args }) => {
      const { status, stderr } = await runCommand(stat, ['stat', ...args], world)
      expect(status).toBe(1)
      expect(stderr).toContain('no deployment "nothing" in namespace "default"')
    },
  )
})

test('stat without a mesh says how to start one', async () => {
  const { status, stderr } = await runCommand(stat, ['stat', 'deploy'])
  expect(status).toBe(1)
  expect(stderr).toBe('error: no mesh runs here\n  start one with "heddle up DIR"\n')
})

test('stat -w shows the table each second until it is interrupted', async () => {
  const clock = new ManualClock()
  const interruption = new AbortController()
  const { world, asked } = answering([WEB])
  const running = runCommand(stat, ['stat', 'deploy', '-w'], { ...world, clock, interruption: interruption.signal })
  while (asked.length < 3) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(1000)
  }
  interruption.abort()
  const { status, stdout } = await running
  expect(status).toBe(0)
  expect(stdout.match(/NAME/g)!.length).toBeGreaterThanOrEqual(2)
})

describe('stat of several', () => {
  const PODS: readonly Row[] = [{ ...WEB, kind: ResourceKind.POD, name: 'web-0' }]
  const byKind: CommandWorld = {
    admin: {
      stat: ({ resource }) => {
        const all =
          resource?.kind === ResourceKind.POD ? PODS : resource?.kind === ResourceKind.DEPLOYMENT ? [VOTING, WEB] : []
        return { rows: all.filter(({ name }) => resource?.name === '' || name === resource?.name) }
      },
    },
  }
  const namesOf = (stdout: string) =>
    stdout.split('\n').flatMap((line) => (line === '' || line.startsWith('NAME') ? [] : line.split(' ', 1)))

  test.each([
    { args: ['deploy', 'web', 'voting'], names: ['web', 'voting'] },
    { args: ['deploy/voting', 'deploy/web'], names: ['voting', 'web'] },
    { args: ['deploy/web', 'pod/web-0'], names: ['deployment/web', 'pod/web-0'] },
    { args: ['po,deploy,svc'], names: ['pod/web-0', 'deployment/voting', 'deployment/web'] },
    { args: ['all'], names: ['deployment/voting', 'deployment/web', 'pod/web-0'] },
  ])('$args shows $names', async ({ args, names }) => {
    const { status, stdout, stderr } = await runCommand(stat, ['stat', ...args], byKind)
    expect({ status, stderr, names: namesOf(stdout) }).toEqual({ status: 0, stderr: '', names })
  })

  test('shows those that are there, and names those that are not', async () => {
    const { status, stdout, stderr } = await runCommand(stat, ['stat', 'deploy', 'nix', 'web', 'gone'], byKind)
    expect({ status, names: namesOf(stdout) }).toEqual({ status: 1, names: ['web'] })
    expect(stderr).toContain(
      'no deployment "nix" in namespace "default", no deployment "gone" in namespace "default"\n',
    )
  })

  test.each([
    { args: ['deploy/web', 'voting'], says: '"voting": expected KIND/NAME, as with the others' },
    { args: ['all', 'web'], says: `the mesh doesn't have a resource type "all"` },
    { args: ['deploy,nix'], says: `the mesh doesn't have a resource type "nix"` },
    { args: ['svc,sts'], says: 'no services in namespace "default"' },
  ])('$args says $says', async ({ args, says }) => {
    const { stdout, stderr } = await runCommand(stat, ['stat', ...args], byKind)
    expect(stdout).toBe('')
    expect(stderr).toContain(says)
  })
})
