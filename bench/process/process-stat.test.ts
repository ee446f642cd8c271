import { describe, expect, test } from 'vitest'
import { parseSmaps, parseStat, readMemory, readUsage, selectTree } from './process-stat.ts'

describe('parseStat()', () => {
  test.each([
    { name: 'a plain name', text: '4711 (nginx) S 17 4711 17 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 1 2 3' },
    { name: 'a name that looks like fields', text: '4711 (a) R 9 (b) S 17 1 1 0 -1 0 1 0 0 0 250 50 0 0 20 0 1 0' },
  ])('reads $name', ({ text }) => {
    expect(parseStat(text)).toEqual({ pid: 4711, parentPid: 17, cpuTicks: 300 })
  })

  test.each(['', 'nonsense', '4711 (nginx) S'])('refuses %j', (text) => {
    expect(() => parseStat(text)).toThrow(SyntaxError)
  })
})

test('parseSmaps() reads what is resident, and what is private however many processes share the program', () => {
  const text = `5581e0000000-7ffd00000000 ---p 00000000 00:00 0    [rollup]
Rss:               51200 kB
Pss:               20000 kB
Shared_Clean:      39000 kB
Private_Clean:     30000 kB
Private_Dirty:     12000 kB
`
  expect(parseSmaps(text)).toEqual({ rssKb: 51_200, privateKb: 12_000 })
  expect(() => parseSmaps(text.replace('Private_Dirty', 'Other'))).toThrow('Private_Dirty')
})

test('selectTree() takes grandchildren that come before their parents, and no strangers', () => {
  const all = [
    { pid: 5, parentPid: 40, cpuTicks: 0 },
    { pid: 40, parentPid: 10, cpuTicks: 0 },
    { pid: 10, parentPid: 1, cpuTicks: 0 },
    { pid: 11, parentPid: 1, cpuTicks: 0 },
  ]
  expect(selectTree(all, [10]).map(({ pid }) => pid)).toEqual([5, 40, 10])
})

test.runIf(process.platform === 'linux')('a process sees its own time and memory', () => {
  const before = readUsage([process.pid])
  // On a busy machine 60 ms may pass without any time for this process.
  const start = process.cpuUsage()
  while (process.cpuUsage(start).user < 60_000);
  expect(readUsage([process.pid]).cpuUs).toBeGreaterThan(before.cpuUs)
  const { rssKb, privateKb } = readMemory([process.pid])
  expect(privateKb).toBeGreaterThan(1000)
  expect(rssKb).toBeGreaterThanOrEqual(privateKb)
})
