/**
 * How long `retry-after` asks to wait, as seconds or as a date. RFC 9110 §10.2.3.
 *
 * @param nowMs - ms since the Unix epoch
 * @returns ms, at least 0; `undefined` for what is neither
 */
export function parseRetryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000
  // Only the date formats of HTTP, each of which begins with the name of a day: Date.parse() also takes others.
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return undefined
  const dateMs = Date.parse(text)
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs)
}
