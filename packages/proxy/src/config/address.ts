import { isIP } from 'node:net'

/** Where to listen or connect. */
export interface SocketAddress {
  /** IP literal without brackets, or a host name where one is allowed. */
  readonly host: string
  readonly port: number
}

/** Parses `IP:PORT`, an IPv6 address in brackets. @throws {RangeError} when it is not one */
export function parseIpPort(text: string): SocketAddress {
  const address = parseHostPort(text)
  if (isIP(address.host) === 0) throw new RangeError(`${address.host} is no IP address`)
  return address
}

/** Parses `HOST:PORT`; HOST is a name or an IP address, IPv6 in brackets. @throws {RangeError} when it is not one */
export function parseHostPort(text: string): SocketAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text)
  if (match === null) throw new RangeError(`${JSON.stringify(text)} is not HOST:PORT`)
  const [, ipv6, name, digits] = match
  const port = Number(digits)
  if (port > 65_535) throw new RangeError(`port ${port} is above 65535`)
  if (ipv6 !== undefined && isIP(ipv6) !== 6) throw new RangeError(`${ipv6} is no IPv6 address`)
  return { host: ipv6 ?? name!, port }
}

/** Formats as {@link parseHostPort} reads it. */
export function formatHostPort(address: SocketAddress): string {
  return isIP(address.host) === 6 ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
