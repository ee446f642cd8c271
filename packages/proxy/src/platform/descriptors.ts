import { readFileSync } from 'node:fs'

const LIMITS_FILE = '/proc/self/limits'

/** How many descriptors the process may open; `undefined` where the system does not say. */
export function readDescriptorLimit(): number | undefined {
  try {
    return parseDescriptorLimit(readFileSync(LIMITS_FILE, 'utf8'))
  } catch {
    // No procfs: macOS, for one.
    return undefined
  }
}

/** Reads the soft limit from the text of /proc/self/limits. */
export function parseDescriptorLimit(text: string): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(text)?.[1]
  return soft === undefined ? undefined : Number(soft)
}

/** Shares of the process's descriptors. What is left is for files, and for connects under way. */
export const ACCEPTED_SHARE = 0.6
export const OUTGOING_SHARE = 0.35

/**
 * As many connections of one direction as `share` of the descriptors allows. Both runtimes go wrong when descriptors run
 * out (Bun spins until one is free), so that must never happen.
 */
export function capConnections(wanted: number, descriptors: number | undefined, share: number): number {
  return descriptors === undefined ? wanted : Math.min(wanted, Math.max(16, Math.floor(descriptors * share)))
}
