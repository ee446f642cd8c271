/** A timer that was set; `cancel` is safe to call at any time, also after it fired. */
export interface Timer {
  cancel(): void
}

/**
 * Time as everything in the mesh sees it. Nobody else calls `Date.now` or `setTimeout`, so tests turn time by hand.
 */
export interface Clock {
  /** Wall time in ms since the Unix epoch: for certificates, logs, answers to users. May jump. */
  nowMs(): number
  /** Monotonic time in µs from an arbitrary start: for durations. Never jumps back. */
  monotonicUs(): number
  /** Calls `fire` once after `delayMs`; the timer does not keep the process alive. */
  after(delayMs: number, fire: () => void): Timer
  /** Resolves after `delayMs`, or at once when `signal` is aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

/** Time in ms that passes whoever sets the clock on the wall, from an arbitrary start. */
export function monotonicMs(clock: Pick<Clock, 'monotonicUs'>): number {
  return clock.monotonicUs() / 1000
}

/** The clock of the machine. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicUs: () => performance.now() * 1000,
  after(delayMs, fire) {
    const handle = setTimeout(fire, delayMs)
    handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
  sleep(delayMs, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve()
      const finish = () => {
        clearTimeout(handle)
        signal?.removeEventListener('abort', finish)
        resolve()
      }
      const handle = setTimeout(finish, delayMs)
      signal?.addEventListener('abort', finish, { once: true })
    })
  },
}
