import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test, vi } from 'vitest'
import { stampDirectory, watchDirectory } from './watch-directory.ts'

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 })

test('watchDirectory() tells of what changed between the reading of the directory and its own begin', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'heddle-watch-'))
  const end = new AbortController()
  const clock = new ManualClock()
  try {
    const since = await stampDirectory(directory)
    await writeFile(join(directory, 'late.yaml'), 'kind: Namespace')
    const onChange = vi.fn(async () => {})
    const watching = watchDirectory(directory, onChange, { clock, signal: end.signal, since })
    await eventually(() => {
      clock.advance(2_000)
      expect(onChange).toHaveBeenCalledOnce()
    })
    end.abort()
    await watching
  } finally {
    await rm(directory, { recursive: true })
  }
})
