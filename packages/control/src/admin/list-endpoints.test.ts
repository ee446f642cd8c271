import { create } from '@bufbuild/protobuf'
import { ListEndpointsRequestSchema } from '@heddle/api/admin'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { createModel } from '../model/model.ts'
import { givenService } from '../model/model-fixture.ts'
import { listEndpoints } from './list-endpoints.ts'

test('addresses that are written down for a Service are listed as others are, those that get no traffic with the reason', () => {
  const model = createModel({ clock: new ManualClock(), instancesFrom: 'source' })
  const at = (address: string) => ({ address, ports: [{ name: '', port: 5432 }], region: '', zone: '' })
  const addresses = [
    { ...at('203.0.113.7'), state: 'ready', reason: '' },
    { ...at('203.0.113.8'), state: 'unhealthy', reason: 'its EndpointSlice says that it is not ready' },
  ] as const
  const instances = { upserted: [], removed: [] }
  const change = { upserted: [givenService('db')], removed: [], instances }
  model.applyObjects({ ...change, addresses: [{ namespace: 'shop', service: 'db', addresses }] })
  const listed = listEndpoints(create(ListEndpointsRequestSchema, { namespace: 'shop' }), {
    model,
    trustDomain: 'heddle.local',
  })
  expect(listed).toMatchObject([
    { service: 'db', ready: true, reason: '', endpoint: { address: '203.0.113.7', port: 5432, identity: '' } },
    { service: 'db', ready: false, reason: addresses[1].reason, endpoint: { address: '203.0.113.8' } },
  ])
})
