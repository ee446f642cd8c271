import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { HeldInput } from '../held-input.ts'
import { giveBackScan, HeadScan, takeScan } from './head-scan.ts'
import { DEFAULT_H1_LIMITS } from './limits.ts'
import { requestScanRules, trailerScanRules } from './scan-rules.ts'

/** Octets that count how often they are looked at. */
function countingOctets(text: string) {
  const bytes = Buffer.from(text, 'latin1')
  const seen = { reads: 0 }
  const octets = new Proxy(bytes, {
    get(target, key) {
      seen.reads += 1
      return Reflect.get(target, key, target)
    },
  })
  return { octets, seen }
}

test.each([
  { name: 'one long field', text: `X: ${'a'.repeat(16_000)}\r\n\r\n` },
  { name: 'one long name', text: `${'a'.repeat(16_000)}: x\r\n\r\n` },
  {
    name: 'many fields',
    text: `${Array.from({ length: 120 }, (_, i) => `X${i}: ${'a'.repeat(100)}\r\n`).join('')}\r\n`,
  },
])('$name, octet by octet, is looked at a few times in all', ({ text }) => {
  const { octets, seen } = countingOctets(text)
  const scan = new HeadScan(trailerScanRules(DEFAULT_H1_LIMITS))
  for (let end = 1; end < text.length; end++) expect(scan.read(octets, 0, end)).toBe(0)
  expect(scan.read(octets, 0, text.length)).toBe(text.length)
  expect(seen.reads).toBeLessThan(10 * text.length)
})

test('positions are those of the head, wherever it is', () => {
  const text = 'GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n'
  const bytes = Buffer.from(`....${text}rest`)
  const scan = new HeadScan(requestScanRules(DEFAULT_H1_LIMITS))
  expect(scan.read(bytes, 4, 20)).toBe(0)
  expect(scan.read(Buffer.from(text), 0, text.length)).toBe(text.length)
  expect(scan.startLineEnd).toBe(14)
  expect(scan.lines.slice(0, scan.lineNumbers)).toEqual([16, 20, 23, 25, 26, 28])
})

test('a scan that serves another head knows nothing of the one before, even of one that was cut', () => {
  const long = 'GET / HTTP/1.1\r\nHost: a\r\nX: b\r\nY: c\r\n\r\n'
  const cut = 'POST /cut HTTP/1.1\r\nHo'
  const short = 'X: 1\r\n\r\n'
  const scan = takeScan(requestScanRules(DEFAULT_H1_LIMITS))
  expect(scan.read(Buffer.from(long), 0, long.length)).toBe(long.length)
  giveBackScan(scan)
  expect(takeScan(requestScanRules(DEFAULT_H1_LIMITS))).toBe(scan)
  expect(scan.read(Buffer.from(cut), 0, cut.length)).toBe(0)
  giveBackScan(scan)
  expect(takeScan(trailerScanRules(DEFAULT_H1_LIMITS)).read(Buffer.from(short), 0, short.length)).toBe(short.length)
  expect([scan.startLineEnd, scan.lines.slice(0, scan.lineNumbers)]).toEqual([0, [0, 1, 4]])
})

test.each([
  { name: 'exactly the limit', extra: 0, fault: undefined },
  { name: 'one octet more', extra: 1, fault: 'head_too_large' },
])('a head of $name', ({ extra, fault }) => {
  const limits = { ...DEFAULT_H1_LIMITS, maxHeadBytes: 200 }
  const text = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(200 - 32 + extra)}\r\n\r\n`
  for (const step of [1, 7, text.length]) {
    let seen: unknown
    try {
      const scan = new HeadScan(requestScanRules(limits))
      for (let end = step; end < text.length + step; end += step) {
        scan.read(Buffer.from(text), 0, Math.min(end, text.length))
      }
    } catch (error) {
      seen = error
    }
    expect((seen as { fault?: string } | undefined)?.fault).toBe(fault)
  }
})

test('held octets are copied few times when they come one by one, and never change their place', () => {
  const held = new HeldInput(Buffer.from('a'), 0, 1)
  const buffers = new Set([held.bytes])
  for (let i = 0; i < 100_000; i++) {
    const early = held.bytes.subarray(held.start, held.start + 1)
    held.append(Buffer.from('b'), 0, 1)
    buffers.add(held.bytes)
    if (i % 1000 === 0) expect(early.toString()).toBe('a')
  }
  expect(held.size).toBe(100_001)
  expect(buffers.size).toBeLessThan(12)
})
