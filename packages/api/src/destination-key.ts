import { canonicalIp } from './kinds/ip-address.ts'

/** What a proxy asks for, taken apart. */
export type ParsedKey =
  | { readonly kind: 'name'; readonly service: string; readonly namespace: string; readonly port: number }
  /** `address` is in canonical form. */
  | { readonly kind: 'address'; readonly address: string; readonly port: number }
  | { readonly kind: 'invalid'; readonly reason: string }

/** A Service, as far as a key names it. */
export interface NamedService {
  readonly namespace: string
  readonly name: string
}

const MAX_KEY_CHARACTERS = 160
const NAME = /^name:([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\.([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?):([1-9]\d{0,4})$/
const ADDRESS = /^address:(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([1-9]\d{0,4})$/

/** Reads `name:SERVICE.NAMESPACE:PORT` or `address:IP:PORT` (IPv6 in brackets). Never throws. */
export function parseKey(key: string): ParsedKey {
  if (key.length > MAX_KEY_CHARACTERS) return { kind: 'invalid', reason: 'the key is too long' }
  const [, service, namespace, namePort] = NAME.exec(key) ?? []
  if (service !== undefined && namespace !== undefined && isPort(namePort)) {
    return { kind: 'name', service, namespace, port: Number(namePort) }
  }
  const [, v6, v4, addressPort] = ADDRESS.exec(key) ?? []
  const address = canonicalIp(v6 ?? v4 ?? '')
  if (address !== undefined && isPort(addressPort)) return { kind: 'address', address, port: Number(addressPort) }
  return { kind: 'invalid', reason: `${JSON.stringify(key)} is not name:SERVICE.NAMESPACE:PORT or address:IP:PORT` }
}

/** `name:SERVICE.NAMESPACE:PORT`; the inverse of {@link parseKey}. */
export function formatNameKey({ namespace, name }: NamedService, port: number): string {
  return `name:${name}.${namespace}:${port}`
}

/** `address:IP:PORT`, IPv6 in brackets; the inverse of {@link parseKey}. */
export function formatAddressKey(address: string, port: number): string {
  return `address:${address.includes(':') ? `[${address}]` : address}:${port}`
}

function isPort(digits: string | undefined): digits is string {
  return digits !== undefined && Number(digits) <= 65_535
}
