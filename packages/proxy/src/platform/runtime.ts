declare const Bun: { gc(force: boolean): void } | undefined

/** Which runtime this is; only this folder may ask. */
export const isBun = typeof Bun !== 'undefined'

/**
 * Gives memory that is no longer used back to the system, as far as the runtime lets us. Takes some ms: for idle times only.
 */
export function releaseMemory(): void {
  if (typeof Bun !== 'undefined') {
    Bun.gc(true)
    return
  }
  const collect = (globalThis as { gc?: () => void }).gc
  collect?.()
}
