import { parseManifests } from '@heddle/api/manifest'
import { formatProblem } from '@heddle/api/manifest/problem'
import { expect, test } from 'vitest'
import { prepareClusterEdit } from './prepare-cluster-edit.ts'

const SERVICE = `apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { selector: { app: cart }, ports: [{ port: 80 }] }
`
const route = (backend: string, namespace = ', namespace: shop') => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart${namespace} }
spec:
  parentRefs: [{ group: "", kind: Service, name: cart }]
  rules: [{ backendRefs: [{ name: ${backend}, port: 80 }] }]
`
const inForce = (text: string) => parseManifests([{ path: 'cluster', text }]).objects
const given = (text: string) => ({ files: [{ path: 'given.yaml', text }], remove: [] })

test('prepareClusterEdit() puts what is given in place of what is there', () => {
  const before = inForce(`${SERVICE}---\n${route('cart')}`)
  const prepared = prepareClusterEdit(
    before,
    given(route('cart').replace('port: 80 }] }', 'port: 80, weight: 2 }] }')),
    0,
  )
  expect(prepared.problems).toEqual([])
  expect(prepared.given).toHaveLength(1)
  expect(prepared.objects).toHaveLength(2)
  expect(prepared.objects.find(({ kind }) => kind === 'HTTPRoute')).toBe(prepared.given[0])
})

test('prepareClusterEdit() says what leads nowhere beside what is there, with its line', () => {
  const prepared = prepareClusterEdit(inForce(SERVICE), given(route('none')), 0)
  expect(prepared.problems.map(formatProblem)).toEqual([
    expect.stringMatching(/^given\.yaml:6:\d+: warning: spec\.rules/),
  ])
})

test('prepareClusterEdit() reads objects that name no namespace in the one that is meant', () => {
  const edit = { ...given(route('cart', '')), defaultNamespace: 'shop' }
  expect(prepareClusterEdit(inForce(SERVICE), edit, 0).given[0]?.metadata.namespace).toBe('shop')
})

test('prepareClusterEdit() names what the mesh does not act on, as far as the file does', () => {
  const deployment = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web, namespace: shop }'
  const text = `${deployment}\n---\n${SERVICE}---\n{ apiVersion: other.dev/v1, kind: Service, metadata: { name: far } }`
  const prepared = prepareClusterEdit([], given(text), 0)
  expect(prepared.problems).toEqual([])
  expect(prepared.given.map(({ kind }) => kind)).toEqual(['Service'])
  expect(prepared.notActedOn).toEqual([
    { kind: 'Deployment', namespace: 'shop', name: 'web' },
    { kind: 'Service', namespace: '', name: 'far' },
  ])
})

test.each([{ text: 'metadata: { name: web }' }, { text: 'web' }])('prepareClusterEdit() refuses $text', ({ text }) => {
  const { problems, notActedOn } = prepareClusterEdit([], given(text), 0)
  expect(problems[0]).toMatchObject({ severity: 'error', file: 'given.yaml', line: 1 })
  expect(notActedOn).toEqual([])
})

test('prepareClusterEdit() removes what is there, and says what is not', () => {
  const remove = [
    { kind: 'Service', namespace: 'shop', name: 'cart' },
    { kind: 'Service', namespace: 'shop', name: 'none' },
  ]
  const prepared = prepareClusterEdit(inForce(SERVICE), { files: [], remove }, 0)
  expect(prepared.objects).toEqual([])
  expect(prepared.problems.map(({ reason }) => reason)).toEqual(['there is no Service shop/none'])
})

test('prepareClusterEdit() leaves what is there as old as it is', () => {
  const aged = (text: string) =>
    text.replaceAll('namespace: shop }', 'namespace: shop, creationTimestamp: "2026-01-01T00:00:00Z" }')
  const before = inForce(aged(`${SERVICE}---\n${route('cart')}`))
  const { given: after } = prepareClusterEdit(before, given(`${SERVICE}---\n${route('cart')}`), 0)
  expect(after).toEqual(before)
})
