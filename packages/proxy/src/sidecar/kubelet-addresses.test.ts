import { expect, test } from 'vitest'
import { kubeletAddresses } from './kubelet-addresses.ts'

test.each([
  { name: 'the node', address: '192.0.2.7', isKubelet: true },
  { name: 'the node by its other family', address: 'fd00::7', isKubelet: true },
  { name: 'the gateway', address: '10.1.0.1', isKubelet: true },
  { name: 'another pod', address: '10.1.0.2', isKubelet: false },
  { name: 'a client that has gone', address: '?', isKubelet: false },
])('$name may be a kubelet: $isKubelet', ({ address, isKubelet }) => {
  expect(kubeletAddresses(['192.0.2.7', 'fd00:0::7'], () => ['10.1.0.1']).has(address)).toBe(isKubelet)
})

test('nobody is a kubelet where the addresses of the node are not known', () => {
  expect(kubeletAddresses([], () => ['10.1.0.1']).has('10.1.0.1')).toBe(false)
})
