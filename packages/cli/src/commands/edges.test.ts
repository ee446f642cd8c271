import type { MessageInitShape } from '@bufbuild/protobuf'
import { type EdgeSchema, type EdgesRequest, ResourceKind } from '@heddle/api/admin'
import { expect, test } from 'vitest'
import { type CommandWorld, runCommand } from '../../test/command-world.ts'
import { edges } from './edges.ts'

const SECURED: MessageInitShape<typeof EdgeSchema> = {
  srcNamespace: 'emojivote',
  src: 'web',
  dstNamespace: 'emojivote',
  dst: 'voting',
  clientIdentity: 'spiffe://heddle.local/ns/emojivote/sa/web',
  serverIdentity: 'spiffe://heddle.local/ns/emojivote/sa/voting',
  secured: true,
}
const PLAIN: MessageInitShape<typeof EdgeSchema> = {
  srcNamespace: 'emojivote',
  src: 'web',
  dst: '(external)',
  secured: false,
  reason: 'destination_unmeshed',
}

function answering(rows: readonly MessageInitShape<typeof EdgeSchema>[]) {
  const asked: EdgesRequest[] = []
  const world: CommandWorld = {
    admin: {
      edges: (request) => {
        asked.push(request)
        return { edges: [...rows] }
      },
    },
  }
  return { world, asked }
}

test('edges shows who talks to whom, as whom, and why something is in plain', async () => {
  const { world, asked } = answering([SECURED, PLAIN])
  const { status, stdout } = await runCommand(edges, ['edges', '-n', 'emojivote'], world)
  expect(status).toBe(0)
  expect(asked).toMatchObject([{ resource: { kind: ResourceKind.DEPLOYMENT, namespace: 'emojivote', name: '' } }])
  expect(stdout).toBe(
    [
      'SRC   DST          SRC_NS      DST_NS      CLIENT_ID       SERVER_ID          SECURED\n',
      'web   voting       emojivote   emojivote   web.emojivote   voting.emojivote   √\n',
      'web   (external)   emojivote   -           -               -                  × destination_unmeshed\n',
    ].join(''),
  )
})

test('edges -o wide shows whole SPIFFE ids', async () => {
  const { world } = answering([SECURED])
  const { stdout } = await runCommand(edges, ['edges', 'deploy/web', '-o', 'wide'], world)
  expect(stdout).toContain('spiffe://heddle.local/ns/emojivote/sa/web ')
})

test('edges -o json has stable keys', async () => {
  const { world, asked } = answering([PLAIN])
  const { stdout } = await runCommand(edges, ['edges', 'pod', '-A', '-o', 'json'], world)
  expect(asked).toMatchObject([{ resource: { kind: ResourceKind.POD, namespace: '' } }])
  expect(JSON.parse(stdout)).toEqual([
    {
      src: 'web',
      src_namespace: 'emojivote',
      dst: '(external)',
      dst_namespace: '',
      client_id: '',
      server_id: '',
      secured: false,
      reason: 'destination_unmeshed',
    },
  ])
})

test('edges without traffic says so on stderr', async () => {
  const { world } = answering([])
  const { status, stdout, stderr } = await runCommand(edges, ['edges'], world)
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  expect(stderr).toBe('no traffic of deployments in namespace "default" in the last minutes\n')
})

test('edges of one that does not exist fails', async () => {
  const { world } = answering([])
  const admin = { ...world.admin, stat: () => ({ rows: [] }) }
  const { status, stderr } = await runCommand(edges, ['edges', 'deploy/nothing'], { admin })
  expect(status).toBe(1)
  expect(stderr).toContain('no deployment "nothing" in namespace "default"')
})

test('edges of a kind that is unknown fails', async () => {
  const { world } = answering([])
  expect(await runCommand(edges, ['edges', 'secret'], world)).toMatchObject({ status: 1, stdout: '' })
})
