const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
]

/** The two largest units of a duration, as people say it: `364d5h`, `16h48m`, `59s`. */
export function formatRemaining(remainingMs: number): string {
  const largest = UNITS.findIndex(([, ms]) => remainingMs >= ms)
  if (largest === -1) return '0s'
  let restMs = remainingMs
  let text = ''
  for (const [name, ms] of UNITS.slice(largest, largest + 2)) {
    const count = Math.floor(restMs / ms)
    if (count > 0) text += `${count}${name}`
    restMs -= count * ms
  }
  return text
}

/** RFC 3339 to the second, in UTC. */
export function toIsoTime(timeMs: bigint): string {
  return new Date(Number(timeMs)).toISOString().replace(/\.\d+Z$/, 'Z')
}
