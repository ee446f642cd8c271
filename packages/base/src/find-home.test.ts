import { spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { expect, test } from 'vitest'
import { findHome } from './find-home.ts'

test.each([
  { env: { HOME: '/home/u' }, home: '/home/u' },
  { env: { HOME: '' }, home: userInfo().homedir },
  { env: {}, home: userInfo().homedir },
])('findHome() of $env is $home', ({ env, home }) => {
  expect(findHome(env)).toBe(home)
})

const UNKNOWN_USER = 54_321

test.runIf(process.getuid?.() === 0)(
  'findHome() of a user that the system does not know is a directory that is not there',
  () => {
    // Read as the user who may, run as the one who may not.
    const { href } = new URL('./find-home.ts', import.meta.url)
    const code = `import(${JSON.stringify(href)}).then(({ findHome }) => { process.setuid(${UNKNOWN_USER}); console.log(findHome({})) })`
    const { stdout, stderr } = spawnSync(process.execPath, ['--eval', code], { encoding: 'utf8' })
    expect({ stdout, stderr }).toEqual({ stdout: '/nonexistent\n', stderr: '' })
  },
)
