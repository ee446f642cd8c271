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

/**
 * Accepted connections that leave room for as many towards endpoints and some files. Both runtimes go wrong when
 * descriptors run out (Bun spins until one is free), so that must never happen.
 */
export function capConnections(wanted: number, descriptors: number | undefined): number {
  return descriptors === undefined ? wanted : Math.min(wanted, Math.max(16, Math.floor(descriptors * 0.45)))
}
