const POLL_MS = 5
/** Looks, not time: in 300 ms of a machine that stood still itself nothing could move. */
const STILL_LOOKS = 60
const PATIENCE_MS = 30_000

/** Resolves as soon as `condition` holds; fails with `what` when it does not within some seconds. */
export async function waitFor(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** Resolves once `read` gives the same number for a while: nothing moves any more. */
export async function waitForStandstill(what: string, read: () => number): Promise<number> {
  let last = read()
  let looks = 0
  await waitFor(`${what} to stand still`, () => {
    const now = read()
    looks = now === last ? looks + 1 : 0
    last = now
    return looks >= STILL_LOOKS
  })
  return last
}
