const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const PART = /(\d{1,5})(ms|s|m|h)/y

/**
 * Parses a duration as the Gateway API spells it (GEP-2257): `1h30m`, `500ms`, `2s`.
 *
 * @returns the duration in ms, or `undefined` when `text` is not one
 */
export function parseDurationMs(text: string): number | undefined {
  let totalMs = 0
  PART.lastIndex = 0
  let parts = 0
  while (PART.lastIndex < text.length) {
    const match = PART.exec(text)
    if (match === null || parts === 4) return undefined
    totalMs += Number(match[1]) * UNIT_MS[match[2]!]!
    parts += 1
  }
  return parts === 0 ? undefined : totalMs
}

/** Formats ms as {@link parseDurationMs} reads it: the largest units first, zero parts left out. */
export function formatDurationMs(durationMs: number): string {
  let restMs = Math.round(durationMs)
  if (restMs === 0) return '0s'
  let text = ''
  for (const unit of ['h', 'm', 's', 'ms']) {
    const count = Math.floor(restMs / UNIT_MS[unit]!)
    if (count > 0) text += `${count}${unit}`
    restMs -= count * UNIT_MS[unit]!
  }
  return text
}
