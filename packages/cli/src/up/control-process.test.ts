import { expect, test } from 'vitest'
import { parseControlReady } from './control-process.ts'

const READY = {
  event: 'ready',
  addresses: ['127.0.0.1:7000', '10.199.0.1:7001'],
  serverIdentity: 'spiffe://heddle.local/ns/heddle/sa/control',
  trustBundleFile: '/state/trust-bundle.pem',
  adminTokenFile: '/state/admin-token',
}

test('parseControlReady() reads where the control plane is', () => {
  expect(parseControlReady(JSON.stringify(READY))).toEqual({
    listen: READY.addresses,
    identity: READY.serverIdentity,
    trustBundleFile: READY.trustBundleFile,
    adminTokenFile: READY.adminTokenFile,
  })
})

test.each([
  '',
  'null',
  '{"event":"ready"}',
  JSON.stringify({ ...READY, event: 'other' }),
  JSON.stringify({ ...READY, addresses: [] }),
])('parseControlReady() passes over "%s"', (line) => {
  expect(parseControlReady(line)).toBeUndefined()
})
