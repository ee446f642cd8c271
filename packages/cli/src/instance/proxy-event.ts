/** What a proxy writes to stdout: see docs/reference/proxy-environment.md. */
export type ProxyEvent = ListeningEvent | { readonly event: 'ready' } | TokenWantedEvent

export interface ListeningEvent {
  readonly event: 'listening'
  readonly outbound: readonly { readonly key?: string; readonly address: string }[]
  readonly ports: readonly { readonly name: string; readonly port: number; readonly listen: string }[]
  readonly admin: string
}

/** A certificate can only be had by another join token. */
export interface TokenWantedEvent {
  readonly event: 'token_wanted'
  readonly reason: string
}

/** @returns `undefined` for a line that is no event known here */
export function parseProxyEvent(line: string): ProxyEvent | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || !('event' in value)) return undefined
  if (value.event === 'ready') return { event: 'ready' }
  if (value.event === 'token_wanted') {
    const { reason } = value as Partial<TokenWantedEvent>
    return { event: 'token_wanted', reason: String(reason ?? 'no reason given') }
  }
  if (value.event !== 'listening') return undefined
  const { outbound, ports, admin } = value as Partial<ListeningEvent>
  if (!Array.isArray(outbound) || !Array.isArray(ports) || typeof admin !== 'string') return undefined
  return { event: 'listening', outbound, ports, admin }
}
