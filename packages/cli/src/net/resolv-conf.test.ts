import { expect, test } from 'vitest'
import { formatResolvConf } from './resolv-conf.ts'

const LOCAL = 'nameserver 127.0.0.53\noptions edns0\nsearch home\n'
const REAL = '# real\nnameserver 192.0.2.53\n'

test.each([
  { name: 'copies servers that can be reached', text: REAL, upstreamText: undefined, result: REAL },
  { name: 'takes the real servers behind a local one', text: LOCAL, upstreamText: REAL, result: REAL },
  {
    name: 'drops local servers from a list',
    text: `${LOCAL}${REAL}`,
    upstreamText: undefined,
    result: `options edns0\nsearch home\n${REAL}`,
  },
])('formatResolvConf() $name', ({ text, upstreamText, result }) => {
  expect(formatResolvConf({ text, upstreamText, hasEgress: true })).toBe(result)
})

test('formatResolvConf() names no server where none can be reached, so that look-ups fail at once', () => {
  expect(formatResolvConf({ text: REAL, upstreamText: REAL, hasEgress: false })).not.toContain('nameserver ')
})
