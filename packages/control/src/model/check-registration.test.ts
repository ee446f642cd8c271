import { create } from '@bufbuild/protobuf'
import { NodeSchema } from '@heddle/api/discovery'
import { expect, test } from 'vitest'
import { checkRegistration } from './check-registration.ts'

const at = (port: number, address: string) => ({ name: 'http', port, address, addressPort: port })

test.each([
  { name: 'takes a port with an address of each family', ports: [at(80, '10.0.0.1'), at(80, 'fd00::1')] },
  {
    name: 'refuses a port twice at one address, however it is written',
    ports: [at(80, 'fd00::1'), at(80, 'fd00:0::1')],
    problem: 'port 80 is given twice',
  },
  {
    name: 'refuses an address that means any',
    ports: [at(80, '::')],
    problem: ':: is no address to connect to',
  },
])('checkRegistration() $name', ({ ports, problem }) => {
  const names = { namespace: 'shop', workload: 'cart', instance: 'cart-0', serviceAccount: 'cart' }
  expect(checkRegistration(create(NodeSchema, { ...names, ports }))).toBe(problem)
})

test.each([
  { host: '' },
  { host: 'Ada_s-Laptop.local' },
  { host: 'a\u001b[2J', problem: 'host "a\\u001b[2J" is not a host\'s name' },
  { host: 'a'.repeat(256), problem: expect.stringContaining("is not a host's name") },
])('checkRegistration() of a host called $host', ({ host, problem }) => {
  const node = { namespace: 'shop', workload: 'cart', instance: 'cart-0', serviceAccount: 'cart', host }
  expect(checkRegistration(create(NodeSchema, node))).toEqual(problem)
})

const LONG = 'a'.repeat(256)
test.each([
  { field: 'locality.region', node: { locality: { region: LONG } } },
  { field: 'locality.zone', node: { locality: { zone: 'a\u001b[2J' } } },
  { field: 'proxy_version', node: { proxyVersion: LONG } },
  { field: 'mode', node: { mode: LONG } },
  { field: 'ports[1].name', node: { ports: [at(80, '10.0.0.1'), { ...at(81, '10.0.0.1'), name: LONG }] } },
])('checkRegistration() refuses a text that is no $field: it would be told to all who ask', ({ field, node }) => {
  const names = { namespace: 'shop', workload: 'cart', instance: 'cart-0', serviceAccount: 'cart' }
  const problem = `${field}: at most 255 characters, all of them printable`
  expect(checkRegistration(create(NodeSchema, { ...names, ...node }))).toBe(problem)
})
