import type { SessionPersistenceJson } from '@heddle/api/discovery/route'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashName } from './name-hash.ts'
import { createRequestFacts } from './request-facts.ts'
import { compileSession, readSession, renewSession, type Session, type SessionToken, writeSession } from './session.ts'

const NOW_MS = 1_700_000_000_000
const PLACE = {
  backend: hashName('HTTPRoute ns/a', 'name:a.ns:80'),
  endpoint: hashName('ns/a:80', 'ns/a-0:80'),
  nowMs: NOW_MS,
}

function sessionOf(json: SessionPersistenceJson, at: { path?: string } = { path: '/shop' }): Session {
  const problems: string[] = []
  const place = { defaultName: 'heddle-session-1', path: at.path, backends: [PLACE.backend] }
  const session = compileSession(json, place, { regex: undefined, onProblem: (problem) => problems.push(problem) })
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return session
}

function written(session: Session, token: SessionToken, scheme: 'http' | 'https' = 'http'): string {
  return writeSession(session, token, createRequestFacts({ scheme })).value
}

describe('a session by cookie', () => {
  const session = sessionOf({ sessionName: 'sticky', absoluteTimeoutMs: 60_000, idleTimeoutMs: 10_000 })
  const token = renewSession(session, undefined, PLACE)!
  const back = (nowMs: number, text = written(session, token).split(';')[0]!) =>
    readSession(
      session,
      createRequestFacts({
        headers: [
          ['cookie', `other=1; ${text}`],
          ['cookie', 'x=y'],
        ],
      }),
      nowMs,
    )

  test('comes back as it went', () => {
    expect(back(NOW_MS + 1000)).toEqual({ ...token, startedMs: NOW_MS, usedMs: NOW_MS })
  })

  test('ends when it lies idle', () => {
    expect(back(NOW_MS + 9_999)).toBeDefined()
    expect(back(NOW_MS + 10_000)).toBeUndefined()
  })

  test('ends at the absolute timeout, however much it is used', () => {
    const used = { ...token, usedMs: NOW_MS + 59_000 }
    const text = written(session, used).split(';')[0]!
    expect(back(NOW_MS + 59_999, text)).toBeDefined()
    expect(back(NOW_MS + 60_000, text)).toBeUndefined()
  })

  test('has no time of the future, with which it would never end', () => {
    expect(back(NOW_MS - 59_000)).toBeDefined()
    expect(back(NOW_MS - 61_000)).toBeUndefined()
    const made = `sticky=${PLACE.backend}.${PLACE.endpoint}.${Math.floor(NOW_MS / 1000).toString(36)}.zzzzzzz`
    expect(back(NOW_MS, made)).toBeUndefined()
  })

  test('is told to the client when it begins, moves, or was used anew', () => {
    const later = { ...PLACE, nowMs: NOW_MS + 5000 }
    expect(renewSession(session, token, PLACE)).toBeUndefined()
    expect(renewSession(session, token, later)).toEqual({ ...token, usedMs: later.nowMs })
    const moved = { ...later, endpoint: hashName('ns/a:80', 'ns/a-1:80') }
    expect(renewSession(session, token, moved)).toMatchObject({ startedMs: later.nowMs, endpoint: moved.endpoint })
    expect(renewSession(sessionOf({}), token, later)).toBeUndefined()
  })

  test('has the attributes that keep it from others', () => {
    expect(written(session, token)).toMatch(/^sticky=[0-9a-z.]+; Path=\/shop; HttpOnly; SameSite=Strict$/)
    expect(written(session, token, 'https')).toMatch(/; Secure$/)
    expect(written(sessionOf({}, {}), token)).toMatch(/^heddle-session-1=.*; Path=\/;/)
    const permanent = sessionOf({ permanentCookie: true, absoluteTimeoutMs: 60_000 })
    expect(written(permanent, token)).toMatch(/; Max-Age=60$/)
    expect(written(permanent, { ...token, usedMs: NOW_MS + 20_500 })).toMatch(/; Max-Age=40$/)
  })

  test('is nothing when it is broken', () => {
    const texts = [
      'sticky=',
      'sticky=a.b.c',
      'sticky=a.b.c.d.e',
      'sticky=A.b.c.d',
      'sticky=a..c.d',
      'stick=a.b.c.d',
      'sticky',
    ]
    for (const text of texts) expect(back(NOW_MS, text)).toBeUndefined()
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => back(NOW_MS, `sticky=${text}`)).not.toThrow()
      }),
    )
  })
})

test('a session by header comes back as it went', () => {
  const session = sessionOf({ sessionName: 'X-Session', type: 'SESSION_TYPE_HEADER' })
  const token = renewSession(session, undefined, PLACE)!
  const { name, value } = writeSession(session, token, createRequestFacts({}))
  expect(name).toBe('x-session')
  expect(readSession(session, createRequestFacts({ headers: [[name, value]] }), NOW_MS)).toEqual(token)
})

test('compileSession() refuses a name that no cookie can have', () => {
  expect(() => sessionOf({ sessionName: 'a;b' })).toThrow('"a;b" cannot be the name of a session')
})
