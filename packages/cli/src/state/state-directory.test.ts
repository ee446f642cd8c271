import { expect, test } from 'vitest'
import { findStateDirectory, meshPaths } from './state-directory.ts'

test.each([
  { name: 'HEDDLE_HOME wins', env: { HEDDLE_HOME: '/h', XDG_STATE_HOME: '/x' }, directory: '/h' },
  { name: 'XDG_STATE_HOME is next', env: { XDG_STATE_HOME: '/x' }, directory: '/x/heddle' },
  {
    name: 'a relative XDG_STATE_HOME is ignored',
    env: { XDG_STATE_HOME: 'x' },
    directory: '/home/u/.local/state/heddle',
  },
  { name: 'else the home directory', env: {}, directory: '/home/u/.local/state/heddle' },
])('findStateDirectory(): $name', ({ env, directory }) => {
  expect(findStateDirectory(env, '/home/u')).toBe(directory)
})

test.each(['', '../x', 'Big', 'a-', 'a'.repeat(21)])('meshPaths() refuses the name "%s"', (name) => {
  expect(() => meshPaths('/s', name)).toThrow(/expected at most 20/)
})
