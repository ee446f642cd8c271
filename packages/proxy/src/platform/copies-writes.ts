import { isBun } from './runtime.ts'

/**
 * Whether a socket that had nothing left to write has taken a copy once `write` returns, although it tells of the end of that
 * write (`writableLength`) only later. So it is with TLS on Bun, which encrypts at once and reports at the next tick; not
 * reusing the buffer there cost 45 % of the time spent in JavaScript (two hops, 1 KiB bodies).
 */
export function copiesWrites(isTls: boolean): boolean {
  return isBun && isTls
}
