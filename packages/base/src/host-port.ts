import { isIP } from 'node:net'

/** Where to listen or connect. */
export interface HostPort {
  /** IP literal without brackets, or a host name where one is allowed. */
  readonly host: string
  /** 0: any that is free, where it is listened on. */
  readonly port: number
}

/** Parses `HOST:PORT`; HOST is a name or an IP address, IPv6 in brackets. @throws {RangeError} when it is not one */
export function parseHostPort(text: string): HostPort {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text)
  if (match === null) throw new RangeError(`${JSON.stringify(text)} is not HOST:PORT`)
  const [, ipv6, name, digits] = match
  const port = Number(digits)
  if (port > 65_535) throw new RangeError(`port ${port} is above 65535`)
  if (ipv6 !== undefined && isIP(ipv6) !== 6) throw new RangeError(`${ipv6} is no IPv6 address`)
  return { host: ipv6 ?? name!, port }
}

/** Parses `IP:PORT`, an IPv6 address in brackets. @throws {RangeError} when it is not one */
export function parseIpPort(text: string): HostPort {
  const address = parseHostPort(text)
  if (isIP(address.host) === 0) throw new RangeError(`${address.host} is no IP address`)
  return address
}

/** Formats as {@link parseHostPort} reads it. */
export function formatHostPort({ host, port }: HostPort): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether nobody but this host can reach the address: an IP literal of the loopback. */
export function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
