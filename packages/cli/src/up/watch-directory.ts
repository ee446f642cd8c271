import { watch } from 'node:fs'
import type { Clock } from '@heddle/base/clock'
import { scanDirectory } from '@heddle/control/scan-directory'

const SETTLE_MS = 200
const POLL_MS = 2_000

/** How a watch goes on. */
interface Watching {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** {@link stampDirectory} of before the manifests were read: what has changed since is a change too. */
  readonly since: string
}

/**
 * Calls `onChange` after the manifests of a directory have changed and were left alone for a moment. Looks at them every
 * two seconds too, since notifications are missing on some file systems. One call at a time; ends with `signal`.
 */
export async function watchDirectory(
  directory: string,
  onChange: () => Promise<void>,
  { clock, signal, since }: Watching,
): Promise<void> {
  let wake = new AbortController()
  const watcher = tryWatch(directory, () => wake.abort())
  let stamp = since
  try {
    while (!signal.aborted) {
      await clock.sleep(POLL_MS, AbortSignal.any([signal, wake.signal]))
      wake = new AbortController()
      const seen = await stampDirectory(directory)
      if (signal.aborted || seen === stamp) continue
      await clock.sleep(SETTLE_MS, signal)
      const settled = await stampDirectory(directory)
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
export async function stampDirectory(directory: string): Promise<string> {
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
