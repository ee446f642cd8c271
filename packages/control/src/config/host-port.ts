import { isIP } from 'node:net'

/** An address to listen on. */
export interface HostPort {
  /** IP literal, without brackets. */
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}

/** Parses `IP:PORT`, IPv6 in brackets; `undefined` when `text` is not that. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  if (match === null) return undefined
  const host = match[1] ?? match[2]!
  const version = match[1] === undefined ? 4 : 6
  const port = Number(match[3])
  return isIP(host) === version && port <= 65_535 ? { host, port } : undefined
}

/** Formats as {@link parseHostPort} reads it. */
export function formatHostPort({ host, port }: HostPort): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether nobody but this host can reach the address. */
export function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
