import type { CompileContext } from './field-match.ts'

/** A name, or an address of IPv6 in brackets; then perhaps a port. */
const HOSTNAME = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]{2,}\])(?::(\d{1,5}))?$/i
const MAX_PORT = 65_535

/** A hostname of a redirect or rewrite, to which requests can be sent; empty: `undefined`. */
export function compileHostname(hostname: string, context: CompileContext): string | undefined {
  if (hostname === '') return undefined
  const parts = HOSTNAME.exec(hostname)
  if (parts === null || Number(parts[1] ?? 0) > MAX_PORT)
    context.onProblem(`${JSON.stringify(hostname)} cannot be a host name`)
  return hostname
}
