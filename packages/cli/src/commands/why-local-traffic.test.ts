import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeOf } from '../../../control/test/discovery-world.ts'
import { serviceYaml } from '../../../control/test/mesh-objects.ts'
import { type MeshWorld, type RecordInit, startMeshWorld } from '../../test/mesh-world.ts'
import { why } from './why.ts'

const CART = 'name:cart.shop:80'

/** Of the client on n2. */
const FAILED = {
  requestId: 'r7',
  startedMs: BigInt(Date.UTC(2026, 10, 21, 12)),
  direction: 'outbound',
  key: CART,
  request: { method: 'GET', path: '/', authority: 'cart' },
  status: 503,
  error: 'no_healthy_endpoint',
  keptAs: 'failure',
} as RecordInit

describe('a Service with internalTrafficPolicy: Local', () => {
  const on = (host: string, workload: string, index: number) => ({ ...nodeOf(workload, index), host })

  let mesh: MeshWorld
  beforeEach(async () => {
    const local = serviceYaml('cart').replace('  selector:', '  internalTrafficPolicy: Local\n  selector:')
    mesh = await startMeshWorld(serviceYaml('web') + local)
    await mesh.proxy(on('n1', 'cart', 0), { holds: [] })
    await mesh.proxy(on('n1', 'web', 0), { holds: [CART] })
    await mesh.proxy(on('n2', 'web', 1), { holds: [CART], records: [FAILED] })
  })
  afterEach(() => mesh[Symbol.asyncDispose]())

  test('is explained by the nodes of the client and of the endpoints', async () => {
    const { stdout } = await mesh.run(why, ['why', 'deploy/web', 'to', 'svc/cart', '-n', 'shop'])
    expect(
      stdout,
    ).toContain(`internalTrafficPolicy Local: of ${CART} a client is given the endpoints that are ready on its own node
  to a client on node n1 1 of 1
  to a client on node n2 none: status 503, no_healthy_endpoint
Endpoints of ${CART}, chosen by peak EWMA of two drawn:
  shop/cart-0:8080 (10.1.99.1:8080), on n1, ready
`)
    const json = await mesh.run(why, ['why', 'pod/web-1', 'to', 'svc/cart', '-n', 'shop', '-o', 'json'])
    expect(JSON.parse(json.stdout).backends).toMatchObject([{ ownHostOf: ['n2'], endpoints: [{ host: 'n1' }] }])
  })

  test('is why a request that failed had no endpoint', async () => {
    const { stdout } = await mesh.run(why, ['why', 'r7'])
    expect(stdout).toContain('outcome: status 503, no_healthy_endpoint')
    expect(stdout).toContain(`Now:
  internalTrafficPolicy Local: of ${CART} a client is given the endpoints that are ready on its own node
    to a client on node n2 none: status 503, no_healthy_endpoint
  Endpoints of ${CART}`)
  })
})
