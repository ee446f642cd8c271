import { H2_CODE } from '@heddle/http/h2-codes'
import { describe, expect, test } from 'vitest'
import { codeOfReset, traceOfReset } from './attempt-rules.ts'

const HTTP1 = { mayRefuse: false, wasReused: false }
const REUSED = { mayRefuse: false, wasReused: true }
const HTTP2 = { mayRefuse: true, wasReused: true }

describe('traceOfReset()', () => {
  test.each([
    { name: 'a refused stream was not looked at', kind: 'refused', connection: HTTP2, trace: 'none' },
    { name: 'a used connection that closed unheard was idle', kind: 'refused', connection: REUSED, trace: 'unlikely' },
    { name: 'so was one that closed in the answer', kind: 'peer-closed', connection: REUSED, trace: 'unlikely' },
    { name: 'a new connection that closes has seen it', kind: 'peer-closed', connection: HTTP1, trace: 'likely' },
    { name: 'nonsense comes from who has seen it', kind: 'protocol', connection: REUSED, trace: 'likely' },
  ] as const)('$name', ({ kind, connection, trace }) => {
    expect(traceOfReset({ kind, detail: '' }, connection)).toBe(trace)
  })

  test('a stream that the server reset by a code was seen', () => {
    const reset = { kind: 'peer-closed', detail: '', code: H2_CODE.cancel } as const
    expect(traceOfReset(reset, HTTP2)).toBe('likely')
  })
})

describe('codeOfReset()', () => {
  const silentPeer = { isHeard: false, isMeshed: true }

  test.each([
    { name: 'nonsense', kind: 'protocol', connection: silentPeer, code: 'upstream_protocol_error' },
    { name: 'a peer that closed without a word', kind: 'peer-closed', connection: silentPeer, code: 'refused_by_peer' },
    { name: 'our own end', kind: 'local', connection: silentPeer, code: 'upstream_reset' },
    {
      name: 'a peer that had spoken',
      kind: 'peer-closed',
      connection: { isHeard: true, isMeshed: true },
      code: 'upstream_reset',
    },
    {
      name: 'an application that closed without a word',
      kind: 'peer-closed',
      connection: { isHeard: false, isMeshed: false },
      code: 'upstream_reset',
    },
  ] as const)('tells of $name', ({ kind, connection, code }) => {
    expect(codeOfReset({ kind, detail: '' }, connection)).toBe(code)
  })
})
