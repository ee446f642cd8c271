import { BUCKET_COUNT, indexOf, lowerBoundUs } from './latency-histogram.ts'

/** Upper bounds in seconds of the buckets that Prometheus is shown; fewer than those reported to the control plane. */
export const DURATION_BOUNDS_SECONDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
]
export const DURATION_BOUND_COUNT = DURATION_BOUNDS_SECONDS.length

const BOUNDS_US = Float64Array.from(DURATION_BOUNDS_SECONDS, (seconds) => seconds * 1e6)
/** For each fine bucket the first bound that its smallest latency is within. */
const FIRST_BOUND = Uint8Array.from({ length: BUCKET_COUNT }, (_, index) => {
  const at = BOUNDS_US.findIndex((bound) => lowerBoundUs(index) <= bound)
  return at < 0 ? DURATION_BOUND_COUNT : at
})

/** Index of the first bound that `latencyUs` is within (as `le` says it); {@link DURATION_BOUND_COUNT} above all. */
export function durationBoundOf(latencyUs: number): number {
  const at = FIRST_BOUND[indexOf(latencyUs)]!
  // A fine bucket is narrower than the space between two bounds, so one more step is enough.
  return at < DURATION_BOUND_COUNT && latencyUs > BOUNDS_US[at]! ? at + 1 : at
}
