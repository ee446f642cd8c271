import { watch } from 'node:fs'
import type { Clock } from '@heddle/base/clock'
import { scanDirectory } from '@heddle/control/scan-directory'

const SETTLE_MS = 200
const POLL_MS = 2_000

/**
 * Calls `onChange` after the manifests of a directory have changed and were left alone for a moment. Looks at them every
 * two seconds too, since notifications are missing on some file systems. One call at a time; ends with `signal`.
 */
export async function watchDirectory(
  directory: string,
  onChange: () => Promise<void>,
  life: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const { clock, signal } = life
  let wake = new AbortController()
  const watcher = tryWatch(directory, () => wake.abort())
  let stamp = await stampOf(directory)
  try {
    while (!signal.aborted) {
      await clock.sleep(POLL_MS, AbortSignal.any([signal, wake.signal]))
      wake = new AbortController()
      const seen = await stampOf(directory)
      if (signal.aborted || seen === stamp) continue
      await clock.sleep(SETTLE_MS, signal)
      const settled = await stampOf(directory)
      if (settled !== seen) {
        wake.abort()
        continue
      }
      stamp = settled
      await onChange()
    }
  } finally {
    watcher?.close()
  }
}

/** Different when any manifest was changed. */
async function stampOf(directory: string): Promise<string> {
  return (await scanDirectory(directory)).signature
}

function tryWatch(directory: string, onEvent: () => void): { close(): void } | undefined {
  try {
    const watcher = watch(directory, onEvent)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
