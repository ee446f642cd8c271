import type { RedirectJson } from '@heddle/api/discovery/route'
import { describe, expect, test } from 'vitest'
import { compileRedirect, redirectLocation } from './redirect.ts'
import { createRequestFacts, type RequestFactsParts } from './request-facts.ts'

function compile(json: RedirectJson, prefix = '') {
  const problems: string[] = []
  const redirect = compileRedirect(json, prefix, { regex: undefined, onProblem: (problem) => problems.push(problem) })
  return { redirect, problems }
}

describe('redirectLocation()', () => {
  test.each<{
    name: string
    json: RedirectJson
    request?: RequestFactsParts
    port?: number
    prefix?: string
    location: string
  }>([
    { name: 'host', json: { hostname: 'example.org' }, location: 'http://example.org/a?b' },
    { name: 'scheme, with its own port', json: { scheme: 'https' }, port: 8080, location: 'https://echo/a?b' },
    { name: 'scheme http', json: { scheme: 'http' }, request: { scheme: 'https' }, location: 'http://echo/a?b' },
    { name: 'scheme and another port', json: { scheme: 'https', port: 8443 }, location: 'https://echo:8443/a?b' },
    { name: 'scheme https and port 80', json: { scheme: 'https', port: 80 }, location: 'https://echo:80/a?b' },
    { name: 'port 80, which goes without saying', json: { port: 80 }, port: 8080, location: 'http://echo/a?b' },
    { name: 'port 443 for https', json: { port: 443 }, request: { scheme: 'https' }, location: 'https://echo/a?b' },
    { name: 'port 443 for http', json: { port: 443 }, location: 'http://echo:443/a?b' },
    {
      name: 'port of the Service',
      json: { hostname: 'example.org' },
      port: 8080,
      location: 'http://example.org:8080/a?b',
    },
    {
      name: 'port that the client has used, where the host stays',
      json: { path: { replaceFullPath: '/x' } },
      request: { authority: '127.0.0.1:41234' },
      port: 80,
      location: 'http://127.0.0.1:41234/x?b',
    },
    {
      name: 'and not where another host is named',
      json: { hostname: 'example.org' },
      request: { authority: '127.0.0.1:41234' },
      port: 80,
      location: 'http://example.org/a?b',
    },
    {
      name: 'IPv6 with port',
      json: { scheme: 'https' },
      request: { authority: '[::1]:80' },
      location: 'https://[::1]/a?b',
    },
    { name: 'IPv6 without', json: { port: 81 }, request: { authority: '[::1]' }, location: 'http://[::1]:81/a?b' },
    { name: 'no host at all', json: { port: 81 }, request: { authority: '' }, location: 'http://web.ns:81/a?b' },
    { name: 'full path', json: { path: { replaceFullPath: '/x' } }, location: 'http://echo/x?b' },
    {
      name: 'path prefix',
      json: { path: { replacePrefixMatch: '/x' } },
      request: { path: '/a/c?d' },
      prefix: '/a',
      location: 'http://echo/x/c?d',
    },
    { name: 'a path of CONNECT or OPTIONS *', json: { hostname: 'b' }, request: { path: '*' }, location: 'http://b/' },
    {
      name: 'a path that looks like a host',
      json: { port: 81 },
      request: { path: '//evil.example/' },
      location: 'http://echo:81//evil.example/',
    },
  ])('$name', ({ json, request, port = 80, prefix = '', location }) => {
    const facts = createRequestFacts({ path: '/a?b', authority: 'echo', ...request })
    const { redirect, problems } = compile(json, prefix)
    expect(problems).toEqual([])
    expect(redirectLocation(redirect, facts, { host: 'web.ns', port })).toBe(location)
  })
})

describe('compileRedirect()', () => {
  test.each([{ status: 301 }, { status: 302 }, { status: 303 }, { status: 307 }, { status: 308 }])(
    'takes $status',
    ({ status }) => {
      expect(compile({ status }).redirect.status).toBe(status)
    },
  )

  test('takes 302 where none is said', () => {
    expect(compile({}).redirect.status).toBe(302)
  })

  test.each([
    { json: { status: 304 }, problem: 'a redirect cannot have the status 304' },
    { json: { scheme: 'ftp' }, problem: 'a redirect cannot lead to the scheme "ftp", only to http and https' },
    { json: { hostname: 'a/b' }, problem: '"a/b" cannot be a host name' },
    { json: { hostname: 'a:b:c' }, problem: '"a:b:c" cannot be a host name' },
    { json: { hostname: 'a:65536' }, problem: '"a:65536" cannot be a host name' },
    { json: { hostname: 'a\r\nb' }, problem: '"a\\r\\nb" cannot be a host name' },
  ])('refuses $json', ({ json, problem }) => {
    expect(compile(json).problems).toEqual([problem])
  })
})
