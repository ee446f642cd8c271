import { create } from '@bufbuild/protobuf'
import { GetAppliedRequestSchema } from '@heddle/api/admin'
import { GetAppliedRequestSchema as ReplicaRequestSchema } from '@heddle/api/replica'
import { expect, test } from 'vitest'
import { discoveryWorld, nodeOf, StreamReader } from '../../test/discovery-world.ts'
import { serviceYaml } from '../../test/mesh-objects.ts'
import { getAppliedOf } from './get-applied.ts'

const KEY = 'name:cart.shop:80'
const ROUTE = { kind: 'HTTPRoute', namespace: 'shop', name: 'cart' }

test.each([
  { name: 'as it is known here', known: 3, asked: 3n, applied: 1 },
  { name: 'of a generation that was not heard of yet', known: 2, asked: 3n, applied: 0 },
  { name: 'that is not known here yet', known: undefined, asked: 1n, applied: 0 },
  { name: 'that was removed, which was not heard of yet', known: 3, asked: 0n, applied: 0 },
  { name: 'that was removed', known: undefined, asked: 0n, applied: 1 },
])('for another replica, of an object $name, $applied of 1 proxy has applied it', async ({ known, asked, applied }) => {
  const { clock, model, hub, open, end } = discoveryWorld(serviceYaml('web') + serviceYaml('cart'))
  const stream = open(nodeOf('web'), { [KEY]: '' })
  const { sequence } = await new StreamReader(stream, clock).message()
  hub.acknowledge(stream, sequence, [])
  const request = create(GetAppliedRequestSchema, { revision: 99n, objects: [ROUTE] })
  const source = { generationOf: () => known }
  const answer = getAppliedOf(create(ReplicaRequestSchema, { request, generations: [asked] }), { model, hub, source })
  expect(answer).toMatchObject({ proxies: 1, applied, behind: applied === 1 ? [] : [{ instance: 'web-0' }] })
  end()
})
