/** So many readings in a row are the same when nothing moves any more. */
const STILL_READINGS = 10

/** Waits until `read` has begun to count and gives the same number again and again. @throws {Error} as {@link until} */
export async function untilStill(what: string, read: () => Promise<number>): Promise<void> {
  let last = 0
  let readings = 0
  await until(what, async () => {
    const now = await read()
    readings = now > 0 && now === last ? readings + 1 : 0
    last = now
    return readings >= STILL_READINGS
  })
}

const LEAST_PAUSE_MS = 50
const MOST_PAUSE_MS = 500

/**
 * Waits until `probe` gives something other than `undefined` or `false`. Asks every 50 ms, or less often where asking takes longer: a
 * probe that starts a program is not to take the machine from what it waits for.
 *
 * @throws {Error} after `deadlineMs`, saying what was waited for and how the last probe failed
 */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 60_000,
): Promise<T> {
  const endMs = performance.now() + deadlineMs
  let lastFailure: unknown
  while (performance.now() < endMs) {
    const askedMs = performance.now()
    try {
      const found = await probe()
      if (found !== undefined && found !== false) return found
    } catch (error) {
      lastFailure = error
    }
    const pauseMs = Math.min(Math.max(performance.now() - askedMs, LEAST_PAUSE_MS), MOST_PAUSE_MS)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  throw new Error(`waited ${deadlineMs} ms in vain until ${what}`, { cause: lastFailure })
}
