import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { StatRowSchema } from '@heddle/api/admin'
import { systemClock } from '@heddle/base/clock'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { nodeOf } from '../../../control/test/discovery-world.ts'
import { serviceYaml } from '../../../control/test/mesh-objects.ts'
import { type MeshWorld, type PlayedProxy, startMeshWorld } from '../../test/mesh-world.ts'
import { apply } from './apply.ts'
import { get } from './get.ts'
import { rollout } from './rollout.ts'

const CART = 'name:cart.shop:80'
const GOOD = { requestsSuccess: 1_000n, requestsFailure: 1n, latencyP99Us: 20_000 }

const routeYaml = (rules: string) => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec:
  parentRefs: [{ group: "", kind: Service, name: cart }]
  rules: ${rules}
`
const WEIGHTED = routeYaml(`
    # the canary
    - backendRefs:
        - { name: cart, port: 80, weight: 1 }
        - { name: cart-v2, port: 80, weight: 0 } # not yet`)
const START = ['rollout', 'start', 'cart', '-n', 'shop', '--from', 'cart', '--to', 'cart-v2', '--interval', '10s']
const ABORT = ['rollout', 'abort', 'cart', '-n', 'shop']

/** Namespace shop with a weighted route of cart, which one proxy holds. */
let mesh: MeshWorld
let v2: PlayedProxy
beforeEach(async () => {
  mesh = await startMeshWorld(serviceYaml('web') + serviceYaml('cart') + serviceYaml('cart-v2'))
  await mesh.write('route.yaml', WEIGHTED)
  await mesh.run(apply, ['apply', '-f', 'route.yaml'])
  await mesh.proxy(nodeOf('web'), { holds: [CART] })
  v2 = await mesh.proxy(nodeOf('cart-v2'), { holds: [] })
})
afterEach(() => mesh[Symbol.asyncDispose]())

type Row = MessageInitShape<typeof StatRowSchema>

interface Running {
  readonly clock: ManualClock
  /** Weights that the route has now. */
  weights(): Promise<readonly number[]>
}

interface Replaced {
  readonly interruption?: AbortSignal
  readonly applyObjects?: MeshWorld['admin']['applyObjects']
}

/** Runs `args` against the real control plane, but for what was measured; turns the clock until it ends. */
async function run(
  args: readonly string[],
  row: (running: Running) => Row | Promise<Row>,
  { interruption, ...replaced }: Replaced = {},
) {
  const clock = new ManualClock()
  const running: Running = { clock, weights }
  const stat = async () => ({ rows: [create(StatRowSchema, await row(running))] })
  const client = new Proxy(mesh.admin, { get: (target, name) => Reflect.get({ ...target, ...replaced, stat }, name) })
  let isDone = false
  const ran = mesh.run(rollout, args, { client, clock, ...(interruption && { interruption }) }).finally(() => {
    isDone = true
  })
  while (!isDone) {
    await setImmediate()
    if (clock.waiting === 0) continue
    // The proxy lives by real time: it is let keep up.
    const { applied, proxies } = await mesh.admin.getApplied({})
    if (clock.waiting > 0 && applied === proxies) clock.advance(5_000)
  }
  return ran
}

async function weights(): Promise<readonly number[]> {
  const { stdout } = await mesh.run(get, ['get', 'httproute/cart', '-n', 'shop', '-o', 'yaml'])
  const { spec } = parse(stdout) as { spec: { rules: { backendRefs: { weight?: number }[] }[] } }
  return spec.rules[0]!.backendRefs.map(({ weight = 1 }) => weight)
}

function withoutTimes(stdout: string): string {
  return stdout.replace(/^\d\d:\d\d:\d\d /gm, '')
}

test('rollout start shifts the weights step by step, and says why', async () => {
  const seen: string[] = []
  const ran = await run([...START, '--steps', '10,100'], async (running) => {
    seen.push((await running.weights()).join())
    return GOOD as Row
  })
  expect(ran).toMatchObject({ status: 0, stderr: '' })
  expect(withoutTimes(ran.stdout)).toBe(`step 1 of 2: 10 % to cart-v2.shop, 90 % to cart.shop; applied on 1 of 1 proxy
  held for 10s: 99.9 % of 1001 requests succeeded, p99 20ms
step 2 of 2: 100 % to cart-v2.shop, 0 % to cart.shop; applied on 1 of 1 proxy
  held for 10s: 99.9 % of 1001 requests succeeded, p99 20ms
done: 100 % go to cart-v2.shop: every step held
`)
  expect([...new Set(seen)]).toEqual(['90,10', '0,100'])
  const file = await readFile(join(mesh.folder, 'mesh/applied/shop.httproute.cart.yaml'), 'utf8')
  expect(file).toContain('# the canary')
  expect(file).toContain('- { name: cart-v2, port: 80, weight: 100 } # not yet')
  expect(await weights()).toEqual([0, 100])
  const status = await mesh.run(rollout, ['rollout', 'status', 'cart', '-n', 'shop'])
  expect(status.stdout).toMatch(
    /^HTTPRoute shop\/cart: done, at 100 % \(steps: 10, 100 %\), from cart\.shop to cart-v2\.shop\n {2}every step held\n/,
  )
})

test.each<{ name: string; args: string[]; row: Row; reason: string }>([
  {
    name: 'too many requests fail',
    args: [],
    row: { requestsSuccess: 97n, requestsFailure: 3n },
    reason: 'success rate is below 99 %: 97 % of 100 requests succeeded',
  },
  {
    name: 'answers take too long',
    args: ['--max-latency', 'p99=10ms'],
    row: GOOD,
    reason: 'p99 is above 10ms: 99.9 % of 1001 requests succeeded, p99 20ms',
  },
  {
    name: 'there is too little traffic to judge',
    args: [],
    row: { requestsSuccess: 3n },
    reason: '3 requests in 1m40s, and 10 are needed to judge',
  },
])('rollout start goes back when $name', async ({ args, row, reason }) => {
  const ran = await run([...START, ...args], () => row)
  expect(ran.status).toBe(1)
  const lines = withoutTimes(ran.stdout).trim().split('\n')
  expect(lines.slice(-2)).toEqual([
    `going back: ${reason}`,
    'went-back: weights are 1 and 0 again; applied on 1 of 1 proxy',
  ])
  expect(await weights()).toEqual([1, 0])
})

test.each([
  { args: [], end: 'went-back: weights are 1 and 0 again; applied on 1 of 1 proxy', left: [1, 0] },
  { args: ['--keep'], end: 'stopped: interrupted: 5 % go on to cart-v2.shop', left: [95, 5] },
])('rollout start $args ends on Ctrl-C: $end', async ({ args, end, left }) => {
  const ended = new AbortController()
  const ran = await run(
    [...START, ...args],
    () => {
      ended.abort('SIGINT')
      return GOOD as Row
    },
    { interruption: ended.signal },
  )
  expect(ran.status).toBe(130)
  expect(withoutTimes(ran.stdout).trim().split('\n').at(-1)).toBe(end)
  expect(await weights()).toEqual(left)
})

test('rollout abort takes a rollout back, and whoever runs it lets go', async () => {
  let aborted = ''
  const ran = await run(START, async () => {
    if (aborted === '') aborted = (await mesh.run(rollout, ABORT, { clock: systemClock })).stdout
    return GOOD as Row
  })
  expect(aborted).toMatch(/^aborted: weights are 1 and 0 again/)
  expect(ran.status).toBe(1)
  expect(ran.stdout).toContain('taken-over: aborted by "heddle rollout abort"')
  expect(await weights()).toEqual([1, 0])
  const again = await mesh.run(rollout, ABORT)
  expect(again.stderr).toContain('no rollout of HTTPRoute shop/cart to abort: the last one is aborted')
})

test.each([['start', '--from', 'cart', '--to', 'cart-v2'], ['status'], ['abort']])(
  'rollout %s of a route that there is not says where to look',
  async (verb, ...flags) => {
    const ran = await mesh.run(rollout, ['rollout', verb!, 'nix', '-n', 'shop', ...flags])
    expect(ran).toMatchObject({ status: 1, stdout: '' })
    expect(ran.stderr).toBe(
      'error: there is no HTTPRoute shop/nix\n  see "heddle get httproute,grpcroute -A"; -n NAME chooses another namespace\n',
    )
  },
)

test('rollout start leaves alone what somebody else has set meanwhile', async () => {
  let isSet = false
  const ran = await run(START, async () => {
    if (!isSet) await mesh.run(apply, ['apply', '-f', 'route.yaml'])
    isSet = true
    return GOOD as Row
  })
  expect(ran.stdout).toContain('taken-over: somebody else has set the weights to 1 and 0')
  expect(await weights()).toEqual([1, 0])
})

test('a rollout that runs, or was killed, keeps another from beginning', async () => {
  let second = ''
  const ended = new AbortController()
  const first = async (): Promise<Row> => {
    if (second === '') second = (await mesh.run(rollout, START)).stderr
    ended.abort('SIGINT')
    return GOOD
  }
  await run(START, first, { interruption: ended.signal })
  expect(second).toContain('a rollout of cart runs already, or was killed')
})

test('a Service without a ready endpoint gets nothing, and loses what it has', async () => {
  const ran = await run(START, async () => {
    await v2.drain()
    return GOOD as Row
  })
  expect(ran.status).toBe(1)
  expect(ran.stdout).toContain('going back: no endpoint of cart-v2.shop is ready')
  expect(await weights()).toEqual([1, 0])
  const again = await mesh.run(rollout, START)
  expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining('no endpoint of cart-v2.shop is ready') })
})

test('who cannot go back says what is left, and what to do by hand', async () => {
  let writes = 0
  const applyObjects: MeshWorld['admin']['applyObjects'] = async (request) => {
    writes += 1
    if (writes > 1) throw new ConnectError('the disk is full', Code.FailedPrecondition)
    return mesh.admin.applyObjects(request)
  }
  const ran = await run(START, () => ({ requestsFailure: 100n }), { applyObjects })
  expect(ran.status).toBe(1)
  expect(ran.stderr).toContain('cannot go back: the control plane of mesh "test" answered: the disk is full')
  expect(ran.stderr).toContain('set the weights of cart.shop and cart-v2.shop to 1 and 0 by hand')
  expect(writes).toBe(6)
  expect(await weights()).toEqual([95, 5])
})

test.each([
  {
    name: 'a third backend',
    rules: '[{ backendRefs: [{ name: cart, port: 80 }, { name: cart-v2, port: 80 }, { name: web, port: 80 }] }]',
    stderr: 'rule 1 has further backends',
  },
  {
    name: 'one of both only',
    rules: '[{ backendRefs: [{ name: cart, port: 80 }] }]',
    stderr: 'rule 1 does not have each of both backends once',
  },
  {
    name: 'neither',
    rules: '[{ backendRefs: [{ name: web, port: 80 }] }]',
    stderr: 'no rule has a backend cart or cart-v2',
  },
  {
    name: 'rules that differ',
    rules: `[{ backendRefs: [{ name: cart, port: 80, weight: 1 }, { name: cart-v2, port: 80, weight: 1 }] },
      { backendRefs: [{ name: cart, port: 80, weight: 2 }, { name: cart-v2, port: 80, weight: 1 }] }]`,
    stderr: 'its rules have different weights',
  },
])('rollout start refuses a route with $name', async ({ rules, stderr }) => {
  await mesh.write('route.yaml', routeYaml(rules))
  expect((await mesh.run(apply, ['apply', '-f', 'route.yaml'])).status).toBe(0)
  const ran = await mesh.run(rollout, START)
  expect(ran.status).toBe(1)
  expect(ran.stderr).toContain(`HTTPRoute shop/cart: ${stderr}\n  a rollout needs rules with`)
})
