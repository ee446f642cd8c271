import type { Problem } from '@heddle/api/manifest/problem'
import { createLog } from '@heddle/base/log'
import { describe, expect, test } from 'vitest'
import { followSource } from './follow-source.ts'
import type { Source, SourceListener, SourceStatus } from './source.ts'

const problem = (file: string, reason: string, severity: Problem['severity'] = 'error'): Problem => {
  return { severity, file, line: 0, column: 0, field: '', reason }
}
const AWAY = problem('pods (v1)', 'connect ECONNREFUSED')
const AWAY_STILL = problem('pods (v1)', 'the connection was cut')
const WRONG = problem('HTTPRoute shop/cart', 'spec.rules: is missing')
const DOUBTFUL = problem('HTTPRoute shop/cart', 'there is no Service', 'warning')

/** `LEVEL EVENT: PROBLEMS` of what is said of one status after the other. */
async function said(statuses: readonly Partial<SourceStatus>[], more: Partial<Source> = {}): Promise<string[]> {
  const lines: string[] = []
  const log = createLog((line) => {
    const { level, msg, problems, warnings } = JSON.parse(line)
    lines.push(`${level} ${msg}: ${problems ?? warnings ?? ''}`)
  }, 'info')
  const start = async (listener: SourceListener) => {
    for (const status of statuses) listener.onStatus({ problems: [], appliedMs: 1, ...status })
  }
  const source = { start, objects: () => [], ...more } as unknown as Source
  await followSource(source, { applyObjects: () => undefined }, { log, signal: new AbortController().signal })
  return lines
}

describe('followSource()', () => {
  test('says of an API server that is away that it cannot be read, once, and when it is back', async () => {
    const away = { problems: [AWAY], unread: [AWAY] }
    const still = { problems: [AWAY_STILL], unread: [AWAY_STILL] }
    expect(await said([{}, away, still, {}])).toEqual([
      'info configuration is in force: ',
      'warn configuration cannot be read at present: pods (v1): connect ECONNREFUSED',
      'info configuration can be read again: ',
    ])
  })

  test('says of nothing that it is in force before everything was read', async () => {
    expect(await said([{ problems: [AWAY], unread: [AWAY], appliedMs: 0 }, {}])).toEqual([
      'warn configuration cannot be read at present: pods (v1): connect ECONNREFUSED',
      'info configuration can be read again: ',
      'info configuration is in force: ',
    ])
  })

  test('says what is refused: all of a directory, of a cluster the objects alone', async () => {
    const statuses = [{ problems: [WRONG, DOUBTFUL] }, { problems: [WRONG, DOUBTFUL] }, {}]
    const rest = [
      'warn configuration has warnings: HTTPRoute shop/cart: warning: there is no Service',
      'info configuration is in force: ',
    ]
    const why = 'HTTPRoute shop/cart: spec.rules: is missing'
    expect(await said(statuses)).toEqual([`error configuration refused: ${why}`, ...rest])
    expect(await said(statuses, { refusesAlone: true })).toEqual([`error objects refused: ${why}`, ...rest])
  })

  test('goes on saying what is refused while the API server is away', async () => {
    const statuses = [
      { problems: [AWAY], unread: [AWAY] },
      { problems: [AWAY, WRONG], unread: [AWAY] },
    ]
    expect((await said(statuses, { refusesAlone: true })).at(-1)).toMatch(/^error objects refused: HTTPRoute/)
  })
})
