import { expect, test } from 'vitest'
import { createLog, type LogLevel } from './log.ts'

function capture(level: LogLevel) {
  const lines: string[] = []
  const log = createLog(
    (line) => lines.push(line),
    level,
    () => 0,
  )
  return { log, lines: () => lines.map((line) => JSON.parse(line)) }
}

test('a log line is one JSON object with time, level, event and fields', () => {
  const { log, lines } = capture('info')
  log.info('listener bound', { port: 15001 })
  expect(lines()).toEqual([{ time: '1970-01-01T00:00:00.000Z', level: 'info', msg: 'listener bound', port: 15001 }])
})

test('lines below the level are not written, and the level of all can be changed at one', () => {
  const { log, lines } = capture('warn')
  const child = log.with({ workload: 'web' })
  child.info('unseen')
  child.level = 'debug'
  log.debug('seen')
  expect(lines()).toMatchObject([{ msg: 'seen' }])
})

test('fields of with() are in each line, and errors keep message and cause', () => {
  const { log, lines } = capture('info')
  log.with({ workload: 'web' }).error('renewal failed', { error: new Error('refused', { cause: 'no route' }) })
  expect(lines()).toMatchObject([{ workload: 'web', msg: 'renewal failed' }])
  expect(lines()[0].error).toMatch(/Error: refused[\s\S]*cause: no route/)
})

test('level off is silence', () => {
  const { log, lines } = capture('off')
  log.error('unseen')
  expect(lines()).toEqual([])
})
