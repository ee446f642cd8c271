import { KINDS } from '@heddle/api/kinds/table'
import { describe, expect, test } from 'vitest'
import { collectionPath } from './paths.ts'
import { apiVersionOf, RESOURCES, resourceOf } from './resources.ts'

describe('resourceOf()', () => {
  test.each(KINDS.map(({ apiVersion, kind, scope }) => ({ apiVersion, kind, scope })))(
    'knows $kind, on which the mesh acts',
    ({ apiVersion, kind, scope }) => {
      const resource = resourceOf(apiVersion, kind)
      expect(resource).toMatchObject({ kind, namespaced: scope === 'namespaced' })
      expect(apiVersionOf(resource!)).toBe(apiVersion)
    },
  )

  test('gives another version of a kind that it knows, and nothing for one that it does not', () => {
    const resource = resourceOf('gateway.networking.k8s.io/v1beta1', 'HTTPRoute')
    expect(collectionPath(resource!, 'shop')).toBe('/apis/gateway.networking.k8s.io/v1beta1/namespaces/shop/httproutes')
    expect(resourceOf('example.com/v1', 'HTTPRoute')).toBeUndefined()
  })

  test.each([
    { apiVersion: 'v1', kind: 'Pod', path: '/api/v1/namespaces/shop/pods' },
    { apiVersion: 'v1', kind: 'Node', path: '/api/v1/nodes' },
    { apiVersion: 'apps/v1', kind: 'Deployment', path: '/apis/apps/v1/namespaces/shop/deployments' },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      path: '/apis/gateway.networking.k8s.io/v1/gatewayclasses',
    },
  ])('$kind is at $path', ({ apiVersion, kind, path }) => {
    expect(collectionPath(resourceOf(apiVersion, kind)!, 'shop')).toBe(path)
  })

  test('every resource has a plural of its own', () => {
    const names = RESOURCES.map(({ group, plural }) => `${group}/${plural}`)
    expect(new Set(names).size).toBe(names.length)
  })
})
