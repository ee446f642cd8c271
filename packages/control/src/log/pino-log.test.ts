import { expect, test } from 'vitest'
import { createPinoLog } from './pino-log.ts'

function capture() {
  const lines: string[] = []
  const log = createPinoLog('info', { write: (line) => void lines.push(line) })
  return { log, lines: () => lines.map((line) => JSON.parse(line)) }
}

test('a log line has time, level, event and fields', () => {
  const { log, lines } = capture()
  log.with({ stream: 's1' }).warn('proxy refused an update', { sequence: 3n })
  expect(lines()).toEqual([
    {
      time: expect.stringMatching(/^20.*Z$/),
      level: 'warn',
      msg: 'proxy refused an update',
      stream: 's1',
      sequence: 3,
    },
  ])
})

test('errors keep message and cause', () => {
  const { log, lines } = capture()
  log.error('state not saved', { error: new Error('write failed', { cause: new Error('no space left') }) })
  expect(JSON.stringify(lines())).toMatch(/write failed[\s\S]*no space left/)
})

test('secrets are not written, not even by mistake', () => {
  const { log, lines } = capture()
  log.info('token made', { token: 'hdl1.a.b', request: { joinToken: 'hdl1.c.d', namespace: 'n' } })
  expect(JSON.stringify(lines())).not.toContain('hdl1')
  expect(lines()).toMatchObject([{ request: { namespace: 'n' } }])
})

test('the level of all logs is changed at one', () => {
  const { log, lines } = capture()
  const child = log.with({})
  log.debug('unseen')
  child.level = 'debug'
  log.debug('seen')
  log.level = 'off'
  child.error('unseen')
  expect(lines()).toMatchObject([{ msg: 'seen' }])
})
