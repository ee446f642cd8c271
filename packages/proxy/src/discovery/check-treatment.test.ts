import type { ServiceJson } from '@heddle/api/discovery'
import { expect, test } from 'vitest'
import { LaterCode } from '../routing/later-code.ts'
import { planUpdates } from './plan-updates.ts'

const ENDPOINTS = [{ id: 'shop/cart-0:80', address: '10.0.0.7', port: 80, weight: 1 }]

/** What a message of the control plane that has `more` in it comes to; as JSON, so that it may be anything. */
async function problemsOf(more: string): Promise<readonly string[]> {
  const service = {
    namespace: 'shop',
    name: 'cart',
    port: 80,
    endpoints: ENDPOINTS,
    ...JSON.parse(more),
  } as ServiceJson
  const updates = [{ key: 'name:cart.shop:80', destination: { version: 'v1', service } }]
  const code = await new LaterCode().loadFor([service])
  return planUpdates(updates, () => undefined, code).problems
}

test.each([
  { more: '{"policy":7}' },
  { more: '{"policy":{"balancer":{"type":"BALANCER_TYPE_FASTEST"}}}' },
  { more: '{"policy":{"balancer":{"type":"constructor"}}}' },
  { more: '{"policy":{"balancer":{"type":"BALANCER_TYPE_RING_HASH","ringSize":1e308}}}' },
  { more: '{"policy":{"balancer":{"type":"BALANCER_TYPE_RING_HASH","ringSize":-1}}}' },
  { more: '{"policy":{"balancer":{"type":"BALANCER_TYPE_MAGLEV","hashOn":{}}}}' },
  { more: '{"policy":{"balancer":{"type":"BALANCER_TYPE_MAGLEV","hashOn":[null]}}}' },
  { more: '{"policy":{"balancer":{"type":"BALANCER_TYPE_MAGLEV","hashOn":[{"header":5}]}}}' },
  { more: '{"policy":{"slowStartMs":"soon"}}' },
  { more: '{"policy":{"retryBudget":{"percent":-5}}}' },
  { more: '{"policy":{"connections":{"maxRequestsPerEndpoint":0.5}}}' },
  { more: '{"circuitBreaker":{"maxRequests":1e99}}' },
  { more: '{"endpoints":[{"id":"a","address":"10.0.0.7","port":80,"weight":1e308}]}' },
  { more: '{"endpoints":[null]}' },
  { more: '{"endpoints":{}}' },
  { more: '{"routes":{}}' },
  { more: '{"routes":[null]}' },
  { more: '{"routes":[{"kind":"ROUTE_KIND_HTTP","rules":[{"backends":[{"key":"k","weight":1e308}]}]}]}' },
  { more: '{"routes":[{"kind":"ROUTE_KIND_HTTP","rules":[{"retry":{"codes":5}}]}]}' },
  { more: '{"routes":[{"kind":"ROUTE_KIND_HTTP","rules":[{"retry":{"conditions":"5xx"}}]}]}' },
  { more: '{"routes":[{"kind":"ROUTE_KIND_HTTP","rules":[{"requestTimeoutMs":-1}]}]}' },
  { more: '{"routes":[{"kind":"ROUTE_KIND_HTTP","rules":[{"matches":[{"headers":7}]}]}]}' },
  { more: '{"routes":[{"kind":"ROUTE_KIND_HTTP","rules":[{"filters":[null]}]}]}' },
  { more: '{"faults":[{"policy":"a/b","delayMs":-1,"untilMs":"9"}]}' },
])('$more is refused', async ({ more }) => {
  expect(await problemsOf(more)).toHaveLength(1)
})

test('what a newer control plane may say beside what is known is let pass', async () => {
  expect(
    await problemsOf('{"policy":{"balancer":{"type":"BALANCER_TYPE_MAGLEV","spread":true}},"__proto__":{"x":1}}'),
  ).toEqual([])
})
