import { readFileSync, readlinkSync } from 'node:fs'
import { createRequire } from 'node:module'

/** madvise(2): these pages are not needed now. */
const MADV_DONTNEED = 4

type Madvise = (...values: readonly [address: bigint, length: bigint, advice: number]) => number

interface BunFfi {
  dlopen(path: string, symbols: object): { symbols: { madvise: Madvise } }
}

/**
 * Lets go the pages of the runtime's own machine code, of which a start needs some 30 MB and an idle proxy little. They are
 * clean pages of a file: the kernel maps those that are needed again from its cache, within microseconds. Bun on Linux
 * only; elsewhere, and where it fails, nothing happens.
 *
 * Measured on an idle sidecar: resident 50 MB before, 31 after, 34 after a minute.
 */
export function releaseCodePages(): void {
  try {
    const { dlopen } = createRequire(import.meta.url)('bun:ffi') as BunFfi
    const signature = { args: ['u64', 'u64', 'i32'], returns: 'i32' }
    const { madvise } = dlopen('libc.so.6', { madvise: signature }).symbols
    const program = readlinkSync('/proc/self/exe')
    for (const { start, end } of findCode(readFileSync('/proc/self/maps', 'latin1'), program)) {
      madvise(start, end - start, MADV_DONTNEED)
    }
  } catch {
    // No such system: it only keeps what it has.
  }
}

/** A range of addresses. */
export interface AddressRange {
  readonly start: bigint
  readonly end: bigint
}

/**
 * The mappings of `program` that hold code, in the text of /proc/PID/maps. Code only: other parts of the file have been
 * written to by the dynamic linker, and that would be lost.
 */
export function findCode(maps: string, program: string): readonly AddressRange[] {
  const ranges: AddressRange[] = []
  for (const line of maps.split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) r-xp [0-9a-f]+ \S+ [1-9]\d* +(\S.*)$/.exec(line)
    if (match?.[3] !== program) continue
    ranges.push({ start: BigInt(`0x${match[1]}`), end: BigInt(`0x${match[2]}`) })
  }
  return ranges
}
