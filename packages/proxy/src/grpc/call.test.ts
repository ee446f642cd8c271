import { createFields } from '@heddle/http/fields'
import { createRequestHead, createResponseHead } from '@heddle/http/message'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { noBug } from '../../test/bug-list.ts'
import { ProxyError } from '../errors/proxy-error.ts'
import { type GrpcCall, grpcCallOf } from './call.ts'
import { Deadlines } from './deadlines.ts'
import { toGrpcReply, toGrpcTrailers } from './reply.ts'

const START_US = 5_000_000

function headOf(fields: Readonly<Record<string, string>>, method = 'POST') {
  const parts = { method, path: '/shop.Cart/Add', authority: 'cart.shop', fields: createFields(Object.entries(fields)) }
  return createRequestHead(parts)
}

function callOf(fields: Readonly<Record<string, string>> = {}): GrpcCall {
  return grpcCallOf(headOf({ 'content-type': 'application/grpc', ...fields }), START_US)!
}

describe('grpcCallOf()', () => {
  test.each([
    { type: 'application/grpc', kind: 'grpc' },
    { type: 'application/grpc+proto', kind: 'grpc' },
    { type: 'application/grpc+json', kind: 'grpc' },
    { type: 'application/grpc;charset=utf-8', kind: 'grpc' },
    { type: 'application/grpc-web', kind: 'grpc-web' },
    { type: 'application/grpc-web+proto', kind: 'grpc-web' },
    { type: 'application/grpc-web-text', kind: 'grpc-web' },
    { type: 'application/grpc-web-text+proto', kind: 'grpc-web' },
    { type: 'application/grpc-websocket', kind: undefined },
    { type: 'application/grpcs', kind: undefined },
    { type: 'application/json', kind: undefined },
  ])('takes $type for $kind', ({ type, kind }) => {
    expect(grpcCallOf(headOf({ 'content-type': type }), START_US)?.kind).toBe(kind)
  })

  test('takes neither a GET nor a request without a type for a call', () => {
    expect(grpcCallOf(headOf({ 'content-type': 'application/grpc' }, 'GET'), START_US)).toBeUndefined()
    expect(grpcCallOf(headOf({}), START_US)).toBeUndefined()
  })
})

describe('the deadline of a call', () => {
  test.each([
    { timeout: '2S', spentUs: 0, left: '2S' },
    { timeout: '2S', spentUs: 600.5, left: '1999m' },
    { timeout: '100m', spentUs: 2_500, left: '97500u' },
    { timeout: '1m', spentUs: 4_000, left: '1n' },
    { timeout: '1H', spentUs: 60_000_000, left: '59M' },
    { timeout: 'soon', spentUs: 7, left: 'soon' },
  ])('is passed on: $timeout less $spentUs µs is $left', ({ timeout, spentUs, left }) => {
    const call = callOf({ 'grpc-timeout': timeout })
    const fields = createFields([['grpc-timeout', timeout]])
    call.writeTimeout(fields, START_US + spentUs)
    expect(fields.getAll('grpc-timeout')).toEqual([left])
  })

  test('is written anew for a second try, and not at all where there was none', () => {
    const call = callOf({ 'grpc-timeout': '100m' })
    const fields = createFields([['grpc-timeout', '100m']])
    call.writeTimeout(fields, START_US + 10_000)
    call.writeTimeout(fields, START_US + 30_000)
    expect(fields.getAll('grpc-timeout')).toEqual(['70m'])
    const none = createFields()
    callOf().writeTimeout(none, START_US)
    expect(none.count).toBe(0)
  })

  test('passes once, unless the call ends before', () => {
    const clock = new ManualClock()
    const deadlines = new Deadlines(clock, noBug)
    const passed: string[] = []
    const start = (name: string, timeout?: string) => {
      const fields = { 'content-type': 'application/grpc', ...(timeout !== undefined && { 'grpc-timeout': timeout }) }
      const call = grpcCallOf(headOf(fields), clock.monotonicUs())!
      call.watch(deadlines, { deadlinePassed: () => passed.push(name) })
      return call
    }
    start('short', '20m')
    start('ended', '30m').end()
    start('endless').end()
    clock.advance(10_000)
    expect(passed).toEqual(['short'])
    expect(clock.waiting).toBe(0)
  })
})

describe('the status of a call', () => {
  const answer = (fields: Readonly<Record<string, string>>) =>
    createResponseHead({ status: 200, fields: createFields(Object.entries(fields)) })
  const failure = (code: 'client_reset' | 'upstream_reset' | 'no_healthy_endpoint') => new ProxyError(code, 'x')

  test('is that of the trailers, else that of the head', () => {
    const call = callOf()
    call.sawHead(answer({ 'grpc-status': '5' }))
    call.sawTrailers(undefined)
    expect(call.finalStatus(200, undefined, START_US)).toBe(5)
    call.sawTrailers(createFields([['grpc-status', '13']]))
    expect(call.finalStatus(200, undefined, START_US)).toBe(13)
  })

  test.each([
    { status: 200, grpc: 2 },
    { status: 404, grpc: 12 },
    { status: 503, grpc: 14 },
  ])('is $grpc of an answer $status that says none', ({ status, grpc }) => {
    const call = callOf()
    call.sawHead(answer({}))
    call.sawTrailers(createFields([['x-cost', '7']]))
    expect(call.finalStatus(status, undefined, START_US)).toBe(grpc)
  })

  test('of gRPC-Web is not known when it is in the body', () => {
    const call = callOf({ 'content-type': 'application/grpc-web+proto' })
    call.sawHead(answer({}))
    expect(call.finalStatus(200, undefined, START_US)).toBeUndefined()
    expect(call.finalStatus(503, undefined, START_US)).toBe(14)
    call.sawHead(answer({ 'grpc-status': '7' }))
    expect(call.finalStatus(200, undefined, START_US)).toBe(7)
  })

  test.each([
    { code: undefined, grpc: 14 },
    { code: 8, grpc: 1 },
    { code: 2, grpc: 13 },
  ])('of one that its server reset with $code is $grpc', ({ code, grpc }) => {
    const call = callOf()
    call.sawReset(code)
    expect(call.finalStatus(200, failure('upstream_reset'), START_US)).toBe(grpc)
    expect(call.finalStatus(200, failure('no_healthy_endpoint'), START_US)).toBe(14)
  })

  test.each([
    { timeout: '100m', afterUs: 89_000, grpc: 1 },
    { timeout: '100m', afterUs: 91_000, grpc: 4 },
    { timeout: '100m', afterUs: 101_000, grpc: 4 },
    { timeout: 'none', afterUs: 1e12, grpc: 1 },
  ])('of one that its client took back after $afterUs µs of $timeout is $grpc', ({ timeout, afterUs, grpc }) => {
    const call = callOf({ 'grpc-timeout': timeout })
    expect(call.finalStatus(0, failure('client_reset'), START_US + afterUs)).toBe(grpc)
  })
})

describe('an answer of the proxy to a call', () => {
  test('says what happened in its head, and is counted as that', () => {
    const call = callOf({ 'content-type': 'application/grpc+proto' })
    const reply = { status: 503, headers: { 'heddle-error': 'draining' }, body: 'draining: 100 % of it.' }
    expect(toGrpcReply(call, reply, new ProxyError('draining', 'x'))).toEqual({
      status: 200,
      headers: {
        'content-type': 'application/grpc+proto',
        'grpc-status': '14',
        'grpc-message': 'draining: 100 %25 of it.',
        'heddle-error': 'draining',
      },
    })
    expect(call.finalStatus(200, undefined, START_US)).toBe(14)
  })

  test.each([
    { reply: { status: 403 }, grpc: '7' },
    { reply: { status: 429 }, grpc: '14' },
    { reply: { status: 429, grpcStatus: 8 }, grpc: '8' },
  ])('of a filter, $reply, has the status $grpc', ({ reply, grpc }) => {
    const headers = toGrpcReply(callOf(), reply, undefined).headers
    expect(headers).toEqual({ 'content-type': 'application/grpc', 'grpc-status': grpc })
  })

  test('that had begun ends with trailers', () => {
    const trailers = toGrpcTrailers(callOf(), new ProxyError('deadline_exceeded', 'x'))
    expect(trailers.get('grpc-status')).toBe('4')
    expect(trailers.get('heddle-error')).toBe('deadline_exceeded')
    expect(trailers.get('grpc-message')).toMatch(/^deadline_exceeded: The deadline /)
  })
})
