import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { isRunning, startTimeOf } from './process-start.ts'

test('a process is told apart from a later one of the same id, and from one that has ended', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'])
  await once(child, 'spawn')
  const identity = { pid: child.pid!, startTime: startTimeOf(child.pid!)! }
  expect(isRunning(identity)).toBe(true)
  expect(isRunning({ ...identity, startTime: 'another time' })).toBe(false)

  child.kill('SIGKILL')
  await once(child, 'close')
  expect(startTimeOf(identity.pid)).toBeUndefined()
  expect(isRunning(identity)).toBe(false)
})
