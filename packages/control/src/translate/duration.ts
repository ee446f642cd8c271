import { parseDurationMs } from '@heddle/base/duration'

/** A duration of a checked object in ms; 0 where there is none. */
export function toMs(duration: string | undefined): number {
  return duration === undefined ? 0 : (parseDurationMs(duration) ?? 0)
}
