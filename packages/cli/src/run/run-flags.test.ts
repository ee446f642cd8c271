import { expect, test } from 'vitest'
import { parseLabelFlag, parseNameFlag, parsePortFlag, parseUpstreamFlag, reachNote } from './run-flags.ts'

test('parsePortFlag() fills in what is left out', () => {
  for (const text of ['8080', 'port=8080']) {
    expect(parsePortFlag(text)).toEqual({ name: '8080', port: 8080, app: '127.0.0.1:8080' })
  }
  expect(parsePortFlag('name=http,port=80,app=[::1]:8080,listen=192.0.2.1:0')).toEqual({
    name: 'http',
    port: 80,
    app: '[::1]:8080',
    listen: '192.0.2.1:0',
  })
})

test('parseUpstreamFlag() gives the key of the destination and the variable', () => {
  expect(parseUpstreamFlag('web-svc.emojivote:80=WEB_HOST')).toEqual({
    key: 'name:web-svc.emojivote:80',
    variable: 'WEB_HOST',
  })
})

test.each([
  { parse: parsePortFlag, text: 'http' },
  { parse: parsePortFlag, text: 'port=0' },
  { parse: parsePortFlag, text: 'port=70000' },
  { parse: parsePortFlag, text: 'port=80,app=localhost:80' },
  { parse: parsePortFlag, text: 'port=80,colour=red' },
  { parse: parseUpstreamFlag, text: 'web-svc:80=A' },
  { parse: parseUpstreamFlag, text: 'web-svc.emojivote=A' },
  { parse: parseUpstreamFlag, text: 'web-svc.emojivote:80' },
  { parse: parseUpstreamFlag, text: 'web-svc.emojivote:0=A' },
  { parse: parseLabelFlag, text: '=x' },
  { parse: parseLabelFlag, text: 'a=b,c=d' },
  { parse: parseNameFlag, text: 'Web' },
])('$parse.name() refuses "$text"', ({ parse, text }) => {
  expect(() => parse(text)).toThrow(/Expected|Unknown/)
})

test('reachNote() tells whose application can talk to nobody, and nobody else', () => {
  const port = [8080]
  const upstream = ['web-svc.shop:80']
  expect(reachNote({ mode: 'explicit', port: [], upstream: [] })).toContain(
    '--upstream SERVICE.NAMESPACE:PORT=VARIABLE',
  )
  expect(reachNote({ mode: 'transparent', port: [], upstream: [] })).toBeUndefined()
  expect(reachNote({ mode: 'explicit', port, upstream: [] })).toBeUndefined()
  expect(reachNote({ mode: 'explicit', port: [], upstream })).toBeUndefined()
})
