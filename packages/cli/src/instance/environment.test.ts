import type { EnvVar } from '@heddle/api/kinds/workload'
import { expect, test } from 'vitest'
import { referencedServices, resolveEnvironment } from './environment.ts'

const PORTS = {
  portNumber: (namespace: string, service: string, port: number | string) =>
    namespace === 'emojivote' && service === 'voting-svc' && (port === 'grpc' || port === 8080) ? 8080 : undefined,
}
const FACTS = {
  instance: 'web-0',
  namespace: 'emojivote',
  serviceAccount: 'web',
  address: '10.199.0.2',
  ports: new Map([['http', 21_234]]),
  upstreams: new Map([['name:voting-svc.emojivote:8080', '127.0.0.1:40101']]),
}
const voting = (port: number | string) => ({ serviceRef: { name: 'voting-svc', namespace: 'emojivote', port } })

test.each<{ name: string; variable: EnvVar; value: string }>([
  { name: 'a plain value', variable: { name: 'A', value: 'x=1' }, value: 'x=1' },
  { name: 'an empty value', variable: { name: 'A' }, value: '' },
  { name: 'a Service by port', variable: { name: 'A', valueFrom: voting(8080) }, value: '127.0.0.1:40101' },
  {
    name: 'a Service by name of its port',
    variable: { name: 'A', valueFrom: voting('grpc') },
    value: '127.0.0.1:40101',
  },
  { name: 'its own port', variable: { name: 'A', valueFrom: { portRef: { name: 'http' } } }, value: '21234' },
  {
    name: 'its address',
    variable: { name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.address' } } },
    value: '10.199.0.2',
  },
  {
    name: 'its name',
    variable: { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    value: 'web-0',
  },
  {
    name: 'its namespace',
    variable: { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    value: 'emojivote',
  },
  {
    name: 'its account',
    variable: { name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.serviceAccount' } } },
    value: 'web',
  },
])('resolveEnvironment() resolves $name', ({ variable, value }) => {
  expect(resolveEnvironment([variable], FACTS, PORTS)).toEqual({ A: value })
})

test.each<{ name: string; valueFrom: EnvVar['valueFrom']; message: string }>([
  {
    name: 'a Service port that is not there',
    valueFrom: voting(81),
    message: 'no Service voting-svc.emojivote with port 81',
  },
  { name: 'a port that is not declared', valueFrom: { portRef: { name: 'grpc' } }, message: 'no port named grpc' },
])('resolveEnvironment() names the variable of $name', ({ valueFrom, message }) => {
  const resolve = () => resolveEnvironment([{ name: 'A', ...(valueFrom && { valueFrom }) }], FACTS, PORTS)
  expect(resolve).toThrow(`environment variable A: there is ${message}`)
})

test('referencedServices() names each destination once', () => {
  const env = [
    { name: 'A', valueFrom: voting('grpc') },
    { name: 'B', valueFrom: voting(8080) },
    { name: 'C', value: 'c' },
  ]
  expect(referencedServices(env, PORTS)).toEqual([{ name: 'voting-svc', namespace: 'emojivote', port: 8080 }])
})
