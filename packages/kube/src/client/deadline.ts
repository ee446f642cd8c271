import type { Clock } from '@heddle/base/clock'

/** The time that something may take, as a signal. */
export interface Deadline {
  readonly signal: AbortSignal
  /** Monotonic; what is left in ms, not below 0. */
  leftMs(): number
  /** Begins anew: something came. */
  extend(): void
  /** To be called when it is over, so that the timer goes. */
  end(): void
}

/** A signal that is aborted after `durationMs`, or together with `outer`. */
export function startDeadline(clock: Clock, durationMs: number, outer?: AbortSignal): Deadline {
  const controller = new AbortController()
  const abort = () => controller.abort()
  let endUs = 0
  let timer = { cancel() {} }
  const extend = () => {
    timer.cancel()
    endUs = clock.monotonicUs() + durationMs * 1000
    timer = clock.after(durationMs, abort)
  }
  extend()
  outer?.addEventListener('abort', abort, { once: true })
  if (outer?.aborted === true) abort()
  return {
    signal: controller.signal,
    leftMs: () => Math.max(0, (endUs - clock.monotonicUs()) / 1000),
    extend,
    end() {
      timer.cancel()
      outer?.removeEventListener('abort', abort)
    },
  }
}
