import { describe, expect, test } from 'vitest'
import { objectPath } from './paths.ts'
import { NAMESPACES, PODS } from './resources.ts'

describe('objectPath()', () => {
  test('keeps whatever is in a name within its step of the path', () => {
    const path = objectPath({ resource: PODS, namespace: 'a/../b', name: 'x?watch=true#%2e' })
    expect(path).toBe('/api/v1/namespaces/a%2F..%2Fb/pods/x%3Fwatch%3Dtrue%23%252e')
    expect(new URL(path, 'https://api').pathname).toBe(path)
  })

  test.each([
    { ref: { resource: PODS, namespace: 'shop', name: '' } },
    { ref: { resource: PODS, namespace: '', name: 'web' } },
    { ref: { resource: PODS, namespace: '..', name: 'web' } },
    { ref: { resource: NAMESPACES, name: '..' } },
    { ref: { resource: NAMESPACES, name: '.' } },
  ])('refuses what would be the path of something else: $ref.namespace $ref.name', ({ ref }) => {
    expect(() => objectPath(ref)).toThrow(TypeError)
  })
})
