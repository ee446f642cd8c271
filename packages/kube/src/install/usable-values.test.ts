import { expect, test } from 'vitest'
import { readInstallValues } from './read-install-values.ts'
import { readUsableValues } from './usable-values.ts'

const DEFAULTS = readInstallValues([])

test('readUsableValues() reads what readInstallValues() reads', () => {
  const text = 'proxy: {logLevel: debug, accessLog: "off"}\nimage: {registry: registry.example, pullSecrets: [a]}'
  const values = readInstallValues([{ kind: 'file', path: 'values.yaml', text }])
  expect(readUsableValues(text)).toEqual({ values, unused: [], isReadable: true })
})

test.each([
  { name: 'is not known', text: 'proxy: {colour: red}', unused: ['proxy.colour is not a value of this version'] },
  { name: 'is wrong', text: 'proxy: {logLevel: loud}', unused: [expect.stringMatching(/^proxy\.logLevel: /)] },
  { name: 'is of another type', text: 'proxy: none', unused: [expect.stringMatching(/^proxy: /)] },
  {
    name: 'is a list with a wrong entry',
    text: 'image: {pullSecrets: [a, _]}',
    unused: [expect.stringMatching(/^image\.pullSecrets\[1\]: /)],
  },
  { name: 'is no YAML', text: '{', unused: ['the whole of it: it is no map in YAML'], isReadable: false },
  { name: 'is a list', text: '[]', unused: ['the whole of it: it is no map in YAML'], isReadable: false },
  { name: 'is not there', text: '', unused: [] },
])('readUsableValues() gives what $name its default', ({ text, unused, isReadable = true }) => {
  expect(readUsableValues(text)).toEqual({ values: DEFAULTS, unused, isReadable })
})

test('readUsableValues() keeps all else', () => {
  const { values, unused } = readUsableValues(
    'trustDomain: shop.test\nproxy: {logLevel: loud, mode: classic}\ncontrol: {replicas: 3}',
  )
  expect(values).toMatchObject({
    trustDomain: 'shop.test',
    proxy: { mode: 'classic', logLevel: 'info' },
    control: { replicas: 3 },
  })
  expect(unused).toHaveLength(1)
})
