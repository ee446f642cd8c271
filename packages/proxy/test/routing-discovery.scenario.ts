import type { MessageInitShape } from '@bufbuild/protobuf'
import type { ServiceSchema } from '@heddle/api/discovery'
import { MatchType, RouteKind } from '@heddle/api/discovery/route'
import { expect, test } from 'vitest'
import { startFakeControlPlane } from './fake-control-plane.ts'
import { answering, ok, startServer } from './harness/peer.ts'
import { RUNTIMES, sidecarEnvironment, startProxyProcess } from './proxy-process.ts'
import { until } from './until.ts'

const CART = 'name:cart.shop:80'
const CANARY = 'name:canary.shop:80'
const LIMIT_MS = 120_000

function told(key: string, version: string, service: MessageInitShape<typeof ServiceSchema>) {
  const target = { case: 'service' as const, value: { namespace: 'shop', port: 80, ...service } }
  return { key, change: { case: 'destination' as const, value: { version, target } } }
}

function endpointAt(port: number) {
  return { id: `shop/at-${port}:80`, address: '127.0.0.1', port, instance: `at-${port}`, workload: 'app' }
}

/** A route that sends what fits an expression to the canary. */
function routeFor(expression: string) {
  const path = { type: MatchType.REGULAR_EXPRESSION, value: expression }
  const canary = { matches: [{ path }], backends: [{ key: CANARY, weight: 1 }] }
  return { kind: RouteKind.HTTP, namespace: 'shop', name: 'cart', rules: [canary] }
}

test.each(RUNTIMES)(
  'on $runtime a sidecar learns routes and their backends, and keeps the last good ones',
  async ({ program }) => {
    const app = await startServer(answering(ok('canary')))
    await using plane = await startFakeControlPlane()
    plane.onStream = (stream) =>
      stream.send({
        streamId: 'stream-1',
        sequence: 1n,
        trustBundlePem: plane.authority.trustBundlePem,
        updates: [told(CART, 'v1', { name: 'cart', routes: [routeFor('/v[0-9]+')] })],
      })
    await using sidecar = await sidecarEnvironment(plane)
    await using proxy = startProxyProcess(program, {
      ...sidecar.env,
      HEDDLE_UPSTREAMS: `listen=127.0.0.1:0,key=${CART}`,
    })
    const listening = await proxy.event('listening')
    await proxy.event('ready')
    const [upstream] = listening.outbound as { address: string }[]
    const ask = (path: string) => fetch(`http://${upstream!.address}${path}`)

    expect((await ask('/other')).headers.get('heddle-error')).toBe('no_route_matched')
    const asking = ask('/v12')
    await until(() => plane.subscribed.some(({ add }) => add.some(({ key }) => key === CANARY)))
    const [stream] = plane.streams
    stream!.send({ sequence: 2n, updates: [told(CANARY, 'v1', { name: 'canary', endpoints: [endpointAt(app.port)] })] })
    expect(await (await asking).text()).toBe('canary')

    stream!.send({ sequence: 3n, updates: [told(CART, 'v2', { name: 'cart', routes: [routeFor('(?=no)')] })] })
    await until(() => plane.acknowledged.some(({ sequence }) => sequence === 3n))
    const refused = plane.acknowledged.find(({ sequence }) => sequence === 3n)
    expect(refused!.problems).toEqual([expect.stringContaining(`${CART}: HTTPRoute shop/cart, rule 1: the regular`)])
    expect(await (await ask('/v13')).text()).toBe('canary')

    stream!.send({ sequence: 4n, updates: [told(CART, 'v3', { name: 'cart', routes: [routeFor('/other')] })] })
    await until(() => plane.acknowledged.some(({ sequence }) => sequence === 4n))
    expect(await (await ask('/other')).text()).toBe('canary')
    expect((await ask('/v13')).status).toBe(404)
    const config = (await (await proxy.admin('GET /config')).json()) as { destinations: Record<string, object> }
    expect(config.destinations[CART]).toMatchObject({ version: 'v3', routes: [{ name: 'cart' }] })
    app.close()
  },
  LIMIT_MS,
)
