import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LogFile } from '../process/log-file.ts'
import { Application, mayRestart, type RestartPolicy } from './application.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heddle-application-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const CALM = new AbortController().signal

function world(script: string, restartPolicy: RestartPolicy, disk: { isFull: boolean } = { isFull: false }) {
  const clock = new ManualClock()
  const lines: string[] = []
  const processes = new Set<number>()
  const output = new LogFile(join(directory, 'web-0.log'))
  const application = new Application({
    name: 'web-0',
    command: ['sh', '-c', script],
    env: { PATH: process.env.PATH ?? '' },
    cwd: directory,
    restartPolicy,
    terminationGraceMs: 1000,
    output,
    record: {
      addProcess: async ({ pid }) => {
        if (disk.isFull) throw new Error('cannot write run.json: no space left on device')
        processes.add(pid)
      },
      removeProcess: async ({ pid }) => void processes.delete(pid),
    },
    clock,
    report: (line) => lines.push(line),
  })
  return { application, clock, lines, processes, output }
}

test.each([
  { policy: 'Always', code: 0, again: true },
  { policy: 'OnFailure', code: 0, again: false },
  { policy: 'OnFailure', code: 1, again: true },
  { policy: 'Never', code: 1, again: false },
] as const)('mayRestart() after status $code with $policy is $again', ({ policy, code, again }) => {
  expect(mayRestart(policy, { code, signal: undefined })).toBe(again)
})

describe('Application', () => {
  test('is started again after a crash, later each time', async () => {
    const { application, clock, lines, processes } = world('exit 3', 'Always')
    await application.start()
    await expect.poll(() => lines.length).toBe(1)
    expect(lines[0]).toMatch(/^web-0 ended with status 3; starting it again in \d+ ms$/)
    clock.advance(500)
    await expect.poll(() => lines.length).toBe(2)
    expect(application.restarts).toBe(1)
    await application.stop(CALM)
    expect(processes.size).toBe(0)
  })

  test('that is started again on a full disk runs on, looked after: no second one beside it, none after its end', async () => {
    const disk = { isFull: false }
    const { application, clock, lines } = world('sleep 60', 'Always', disk)
    await application.start()
    disk.isFull = true
    process.kill(application.pid!, 'SIGKILL')
    await expect.poll(() => lines.length).toBe(1)
    clock.advance(1000)
    await expect.poll(() => lines.at(-1)).toContain('web-0 runs, but is not recorded: cannot write run.json')
    expect(application.state).toBe('running')
    const second = application.pid!
    await application.stop(CALM)
    expect(() => process.kill(second, 0)).toThrow('ESRCH')
    expect(application.restarts).toBe(1)
  })

  test('stays ended when its policy says so, and tells its state', async () => {
    const { application, lines } = world('exit 0', 'OnFailure')
    await application.start()
    await expect.poll(() => application.state).toBe('completed')
    expect(lines).toEqual(['web-0 ended with status 0'])
    await application.stop(CALM)
  })

  test('ends on SIGTERM, its output in the log', async () => {
    const { application, output } = world(
      'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.05; done',
      'Always',
    )
    await application.start()
    await expect.poll(() => output.tail()).toEqual(['up'])
    await application.stop(CALM)
    await expect.poll(() => readFile(output.path, 'utf8')).toBe('up\nbye\n')
  })

  test('is killed, with what it has started, when it does not end in time', async () => {
    const { application, clock, processes, output } = world('trap "" TERM; sleep 60 & echo up; wait; wait', 'Always')
    await application.start()
    await expect.poll(() => output.tail()).toEqual(['up'])
    const stopped = application.stop(CALM)
    await expect.poll(() => clock.waiting).toBe(1)
    clock.advance(1000)
    await stopped
    expect(processes.size).toBe(0)
  })
})
