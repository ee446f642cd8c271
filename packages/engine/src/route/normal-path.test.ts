import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normalizePath } from './normal-path.ts'

test.each([
  { path: '/', normal: '/' },
  { path: '/a/b?x=/../%2e', normal: '/a/b?x=/../%2e' },
  { path: '/a/b/c/./../../g', normal: '/a/g' },
  { path: '/public/../admin', normal: '/admin' },
  { path: '/public/%2e%2E/admin?q', normal: '/admin?q' },
  { path: '/public/.%2e/admin', normal: '/admin' },
  { path: '/../../admin', normal: '/admin' },
  { path: '/public\\..\\admin', normal: '/admin' },
  { path: '/%61dmin%7E', normal: '/admin~' },
  { path: '/a/..', normal: '/' },
  { path: '/a/.', normal: '/a/' },
  { path: '/a//../b', normal: '/a/b' },
  { path: '//admin', normal: '//admin' },
  { path: '/public%2f..%2fadmin', normal: '/public%2f..%2fadmin' },
  { path: '/a%5C..%5Cb', normal: '/a%5C..%5Cb' },
  { path: '/a/..;x/b', normal: '/a/..;x/b' },
  { path: '/a/.../b/.well-known', normal: '/a/.../b/.well-known' },
  { path: '/%252e%252e/a', normal: '/%252e%252e/a' },
  { path: '/%', normal: '/%' },
  { path: '/%zz%2', normal: '/%zz%2' },
  { path: '/pkg.Service/Method', normal: '/pkg.Service/Method' },
  { path: '*', normal: '*' },
  { path: '', normal: '' },
])('$path is $normal', ({ path, normal }) => {
  expect(normalizePath(path)).toBe(normal)
})

const paths = fc
  .array(fc.constantFrom('/', 'a', '.', '..', '%2e', '%2E', '\\', '%2f', '%61', '?', ';', '%25'))
  .map((parts) => `/${parts.join('')}`)

test('what is normal stays as it is', () => {
  fc.assert(
    fc.property(paths, (path) => {
      expect(normalizePath(normalizePath(path))).toBe(normalizePath(path))
    }),
  )
})

test('dot segments and backslashes are read as browsers read them', () => {
  const property = fc.property(paths, (path) => {
    const base = 'http://shop.example'
    const pathOf = (text: string) => text.split('?')[0]!.replace(/%(61|2e)/gi, (one) => decodeURIComponent(one))
    const { pathname } = new URL(base + path)
    expect(normalizePath(path).split('?')[0]).toBe(pathOf(pathname))
  })
  fc.assert(property, { numRuns: 1000 })
})
