import { expect, test } from 'vitest'
import { findCode, releaseCodePages } from './code-pages.ts'

const MAPS = `00200000-04af0000 r--p 00000000 fe:00 1193 /opt/bun
04af1000-06867000 r-xp 048f0000 fe:00 1193 /opt/bun
06868000-06a22000 rw-p 06666000 fe:00 1193 /opt/bun
2a93d000000-2a97d000000 rwxp 00000000 00:00 0
7f61a35ab000-7f61a36ab000 r-xp 00026000 fe:00 77 /usr/lib/libc.so.6
7f61a37ab000-7f61a38ab000 r-xp 00026000 fe:00 78 /opt/bun other
`

test('findCode() finds the code of the program and nothing else', () => {
  expect(findCode(MAPS, '/opt/bun')).toEqual([{ start: 0x04af1000n, end: 0x06867000n }])
})

test('releaseCodePages() leaves a process that goes on', () => {
  for (let turn = 0; turn < 3; turn++) releaseCodePages()
  expect(JSON.parse(JSON.stringify({ still: 'alive' }))).toEqual({ still: 'alive' })
})
