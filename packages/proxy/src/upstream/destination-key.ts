import type { ServiceName } from './target.ts'

/** The service that a discovery key names; for addresses only its port. */
export function parseKey(key: string): ServiceName {
  const match = /^name:([^.]*)\.([^:]*):(\d+)$/.exec(key)
  if (match === null) return unnamed(parseAddress(key).port)
  return { namespace: match[2]!, name: match[1]!, port: Number(match[3]) }
}

/** What is addressed without a name. */
export function unnamed(port: number): ServiceName {
  return { namespace: '', name: '', port }
}

/** Takes `address:IP:PORT` apart; IPv6 stands in brackets. */
export function parseAddress(key: string): { readonly address: string; readonly port: number } {
  const text = key.startsWith('address:') ? key.slice('address:'.length) : key
  const colon = text.lastIndexOf(':')
  const address = text.slice(0, colon)
  return { address: address.startsWith('[') ? address.slice(1, -1) : address, port: Number(text.slice(colon + 1)) }
}
