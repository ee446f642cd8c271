import { releaseCodePages } from './code-pages.ts'

declare const Bun: { gc(force: boolean): void; shrink?(): void } | undefined

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

/**
 * Gives back also what can be made again when it is needed: compiled functions and the pages of the runtime's code. The next
 * requests pay for it, about as after a start; so only where there was nothing to do for a while.
 */
export function shrinkMemory(): void {
  if (typeof Bun === 'undefined') {
    releaseMemory()
    return
  }
  Bun.shrink?.()
  Bun.gc(true)
  releaseCodePages()
}
