import { describe, expect, test } from 'vitest'
import { readAuthority } from './authority-key.ts'
import type { AuthorityTexts } from './authority-store.ts'
import { makeIssuer, makeRoot } from './make-authority.ts'
import { type AuthorityPlace, readState } from './open-authority.ts'
import { activate, changesFromMs, RootStepError, retire } from './root-steps.ts'

const DAY_MS = 86_400_000
const NOW_MS = Date.UTC(2026, 0, 1)
const place: AuthorityPlace = { store: { placeOf: (part) => part }, trustDomain: 'heddle.local', nowMs: NOW_MS }

/** An authority with something beside its root and issuer. */
async function stateWith(texts: AuthorityTexts) {
  const root = await makeRoot(place)
  const issuer = await makeIssuer(place, await readAuthority('root', root, place.trustDomain))
  return await readState(place, { root, issuer, ...texts })
}

describe('retire()', () => {
  test('takes away the former root alone', async () => {
    const state = await stateWith({ 'former-root': await makeRoot(place) })
    expect(retire(state, place)).toEqual({ 'former-root': undefined, rotation: undefined })
  })

  test('never takes away the root under which the present issuer stands', async () => {
    const state = await stateWith({ 'former-root': await makeRoot(place) })
    expect(() => retire({ ...state, former: state.root }, place)).toThrow(
      'the issuer that signs stands under this root',
    )
    const { issuer } = await stateWith({})
    expect(() => retire({ ...state, issuer }, place)).toThrow('the issuer that signs stands under this root')
  })

  test('is no step while nothing was activated, as activation is none while nothing was prepared', async () => {
    const steady = await stateWith({})
    const prepared = await stateWith({ 'next-root': await makeRoot(place) })
    for (const state of [steady, prepared]) expect(() => retire(state, place)).toThrow(RootStepError)
    expect(() => activate(steady, place)).toThrow(RootStepError)
    expect(() => activate(prepared, place)).toThrow('the next root has no issuer yet')
  })
})

test('a root is changed 90 days before its end, or at 80 % of a shorter life, and one that a person brought never', async () => {
  const { root } = await stateWith({})
  expect(changesFromMs({ root })).toBe(root.notAfterMs - 90 * DAY_MS)
  const short = { ...root, notBeforeMs: NOW_MS, notAfterMs: NOW_MS + 100 * DAY_MS }
  expect(changesFromMs({ root: short })).toBe(NOW_MS + 80 * DAY_MS)
  const { issuer } = await stateWith({})
  expect(changesFromMs({ root: issuer })).toBeUndefined()
})
