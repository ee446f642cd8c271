import { expect, test } from 'vitest'
import { BROKEN_SHORTCODE, VoteError, VoteStore } from './vote-store.ts'

test('vote() counts each emoji for itself', () => {
  const store = new VoteStore()
  expect([store.vote(':bee:'), store.vote(':bee:'), store.vote(':moon:')]).toEqual([1, 2, 1])
})

test('results() has most votes first and equal ones by name', () => {
  const store = new VoteStore()
  for (const shortcode of [':moon:', ':bee:', ':rocket:', ':rocket:']) store.vote(shortcode)
  expect(store.results()).toEqual([
    { shortcode: ':rocket:', votes: 2 },
    { shortcode: ':bee:', votes: 1 },
    { shortcode: ':moon:', votes: 1 },
  ])
})

test('vote() refuses the broken emoji each time and counts nothing', () => {
  const store = new VoteStore()
  expect(() => store.vote(BROKEN_SHORTCODE)).toThrow(VoteError)
  expect(() => store.vote(BROKEN_SHORTCODE)).toThrow(BROKEN_SHORTCODE)
  expect(store.results()).toEqual([])
})

test('vote() refuses more kinds of emoji than a catalogue could have', () => {
  const store = new VoteStore()
  for (let kind = 0; kind < 1000; kind++) store.vote(`:kind${kind}:`)
  expect(() => store.vote(':one-more:')).toThrow(VoteError)
  expect(store.vote(':kind0:')).toBe(2)
})
