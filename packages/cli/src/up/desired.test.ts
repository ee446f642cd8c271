import { formatRef, type MeshObject, refOf } from '@heddle/api/kinds'
import { parseManifests } from '@heddle/api/manifest'
import { expect, test } from 'vitest'
import { desiredWorkloads } from './desired.ts'

const PATH = process.env.PATH ?? ''

function content(yaml: string) {
  const { objects, problems } = parseManifests([{ path: '/m/a.yaml', text: yaml }])
  expect(problems.filter((problem) => problem.severity === 'error')).toEqual([])
  const fileOf = new Map(objects.map((object: MeshObject) => [formatRef(refOf(object)), '/m/a.yaml']))
  return { objects, problems, fileOf, notActedOn: [] }
}

const service = (name: string) => `
apiVersion: v1
kind: Service
metadata: { name: ${name}-svc, namespace: shop }
spec: { selector: { app: ${name} }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---`
const workload = (name: string, calls: readonly string[], spec = '') => `
apiVersion: heddle.dev/v1alpha1
kind: Workload
metadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }
spec:
  command: [sh]
  workingDir: /
  ports: [{ name: http, port: 8080 }]${spec}
  env:
    - { name: A, value: a }
${calls.map((to) => `    - { name: TO_${to.toUpperCase()}, valueFrom: { serviceRef: { name: ${to}-svc, port: http } } }`).join('\n')}
---`
const NAMESPACE = 'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n---'
const SHOP = `${NAMESPACE}${service('web')}${service('cart')}`

function fingerprints(yaml: string): string[] {
  return desiredWorkloads(content(yaml), PATH).map(({ template }) => template.fingerprint)
}

test('desiredWorkloads() takes those with a command, with the destinations that they refer to', () => {
  const desired = desiredWorkloads(content(`${SHOP}${workload('web', ['cart'])}${workload('cart', [])}`), PATH)
  expect(desired.map(({ key, replicas }) => [key, replicas])).toEqual([
    ['shop/web', 1],
    ['shop/cart', 1],
  ])
  expect(desired[0]?.template.upstreams).toEqual([{ namespace: 'shop', name: 'cart-svc', port: 80 }])
})

test('desiredWorkloads() lets a Workload wait for those behind the Services that it calls', () => {
  const desired = desiredWorkloads(content(`${SHOP}${workload('web', ['cart'])}${workload('cart', [])}`), PATH)
  expect(desired.map(({ needs }) => needs)).toEqual([['shop/cart'], []])
})

test('desiredWorkloads() tells those that a Service leads to from those that only call', () => {
  const client = workload('load', ['cart'])
  const stranger = workload('far', []).replace('app: far', 'app: cart').replace('namespace: shop', 'namespace: other')
  const desired = desiredWorkloads(content(`${SHOP}${workload('cart', [])}${client}${stranger}`), PATH)
  expect(desired.map(({ key, isCalled }) => [key, isCalled])).toEqual([
    ['shop/cart', true],
    ['shop/load', false],
    ['other/far', false],
  ])
})

test('desiredWorkloads() lets none wait for one that needs it in turn, itself included', () => {
  const round = `${SHOP}${workload('web', ['cart', 'web'])}${workload('cart', ['web'])}`
  expect(desiredWorkloads(content(round), PATH).map(({ needs }) => needs)).toEqual([[], []])
})

test('a fingerprint differs with everything but the number of replicas', () => {
  const [plain] = fingerprints(`${SHOP}${workload('web', [])}`)
  expect(fingerprints(`${SHOP}${workload('web', [], '\n  replicas: 3')}`)).toEqual([plain])
  expect(fingerprints(`${SHOP}${workload('web', [], '\n  args: [-c, "exit 0"]')}`)).not.toEqual([plain])
  expect(fingerprints(`${SHOP}${workload('web', ['cart'])}`)).not.toEqual([plain])
})

test('desiredWorkloads() names every Workload that cannot be run', () => {
  const missing = workload('web', []).replace('[sh]', '[no-such-program]')
  const gone = workload('cart', []).replace('[sh]', '[./gone]')
  const decide = () => desiredWorkloads(content(`${SHOP}${missing}${gone}`), PATH)
  expect(decide).toThrow(/Workload shop\/web: the command "no-such-program" was not found/)
  expect(decide).toThrow(/Workload shop\/cart: the command ".\/gone" was not found/)
})
