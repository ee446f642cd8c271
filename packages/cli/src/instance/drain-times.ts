/** How long a proxy takes to end, in ms. */
export interface DrainTimes {
  /** From its word that it drains, until it takes no new connections. */
  readonly delayMs: number
  /** How long open requests may go on after that, at most. */
  readonly drainMs: number
}

/** @param env - `HEDDLE_*` variables of the proxy; what is absent or empty stands for the default of docs/reference/proxy-environment.md */
export function drainTimes(env: Readonly<Record<string, string | undefined>>): DrainTimes {
  const { HEDDLE_DRAIN_DELAY_MS, HEDDLE_DRAIN_MS } = env
  return { delayMs: Number(HEDDLE_DRAIN_DELAY_MS || 1_000), drainMs: Number(HEDDLE_DRAIN_MS || 5_000) }
}
