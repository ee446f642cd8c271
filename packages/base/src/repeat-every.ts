import type { Clock, Timer } from './clock.ts'

/** Calls `run` each time that `intervalMs` have passed, until `signal` is aborted. */
export function repeatEvery(
  intervalMs: number,
  run: () => void,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): void {
  if (signal.aborted) return
  let timer: Timer
  const wait = () => {
    timer = clock.after(intervalMs, () => {
      run()
      if (!signal.aborted) wait()
    })
  }
  wait()
  signal.addEventListener('abort', () => timer.cancel(), { once: true })
}
