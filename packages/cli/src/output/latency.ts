/** A time of a request in three digits or so: `80µs`, `1.3ms`, `45ms`, `1.2s`. */
export function formatLatencyUs(latencyUs: number): string {
  if (latencyUs < 1000) return `${Math.round(latencyUs)}µs`
  const latencyMs = latencyUs / 1000
  if (latencyMs >= 1000) return `${(latencyMs / 1000).toFixed(1)}s`
  return latencyMs >= 10 ? `${Math.round(latencyMs)}ms` : `${latencyMs.toFixed(1)}ms`
}
