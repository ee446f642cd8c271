import { Code } from '@connectrpc/connect'
import { AdminService } from '@heddle/api/admin'
import { describe, expect, test } from 'vitest'
import type { Replica, ReplicaWorld } from './replica-world.ts'
import { beforeEachTwoReplicas } from './two-replicas.ts'

let world: ReplicaWorld
let one: Replica
beforeEachTwoReplicas((started) => {
  ;({ world, one } = started)
})

describe('a pod', () => {
  const refused = (proof: Parameters<ReplicaWorld['certificate']>[2]) => world.certificate(one, 'web', proof)

  test('with a token of another audience gets no certificate', async () => {
    const token = world.api.token('shop', 'web', 'https://kubernetes.default.svc')
    await expect(refused({ token })).rejects.toMatchObject({ code: Code.Unauthenticated })
    const admin = world.api.token('heddle', 'heddle-operator', 'heddle.dev/admin')
    await expect(refused({ token: admin })).rejects.toMatchObject({ code: Code.Unauthenticated })
  })

  test.each([{ token: 'garbage' }, { token: 'a.b.c' }])(
    'with the token $token gets no certificate',
    async ({ token }) => {
      await expect(refused({ token })).rejects.toMatchObject({ code: Code.Unauthenticated })
    },
  )

  test('gets no identity of another namespace, nor of the control plane', async () => {
    for (const spiffeId of [
      'spiffe://heddle.local/ns/other/sa/web',
      'spiffe://heddle.local/ns/heddle/sa/control-plane',
    ]) {
      await expect(refused({ spiffeId })).rejects.toMatchObject({ code: Code.PermissionDenied })
    }
  })

  test('waits while the API server is away, and renews by its certificate meanwhile', async () => {
    const tls = await world.certificate(one, 'web')
    world.api.reviewsFail = true
    await expect(refused({})).rejects.toMatchObject({ code: Code.Unavailable })
    expect((await refused({ tls })).certificateChainPem).toContain('BEGIN CERTIFICATE')
  })
})

describe('people', () => {
  test('may read as viewers, and change as operators', async () => {
    const asked = { namespace: 'shop', serviceAccount: 'vm', ttlMs: 60_000, reusable: true }
    const viewer = await world.admin(one)
    expect(await viewer.getVersion({})).toMatchObject({ trustDomain: 'heddle.local' })
    await expect(viewer.createJoinToken(asked)).rejects.toMatchObject({ code: Code.PermissionDenied })
    const operator = await world.admin(one, 'heddle-operator')
    expect((await operator.createJoinToken(asked)).token).toMatch(/^hdl1\./)
  })

  test('are nobody with the token of a workload, nor without one', async () => {
    const tokens = [
      world.api.token('shop', 'web', 'heddle.dev/identity'),
      world.api.token('shop', 'web', 'heddle.dev/admin'),
      undefined,
    ]
    const codes = [Code.Unauthenticated, Code.PermissionDenied, Code.Unauthenticated]
    for (const [index, token] of tokens.entries()) {
      const admin = await world.client(one, AdminService, token === undefined ? {} : { token })
      await expect(admin.stat({})).rejects.toMatchObject({ code: codes[index] })
    }
  })
})
