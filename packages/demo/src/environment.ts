/** A host and a port, as `connect` takes them. */
export interface Address {
  readonly host: string
  readonly port: number
}

export type Environment = Readonly<Record<string, string | undefined>>

/** A variable of the environment is missing or wrong; the message names it. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'
}

/**
 * Where to listen: `BIND_ADDRESS` and `PORT`.
 *
 * @throws {EnvironmentError}
 */
export function readListenAddress(env: Environment): Address {
  return { host: env.BIND_ADDRESS || '0.0.0.0', port: parsePort('PORT', env.PORT || '8080') }
}

/**
 * Where another program is: `name` must hold `host:port`, IPv6 in brackets.
 *
 * @throws {EnvironmentError}
 */
export function readUpstream(env: Environment, name: string): Address {
  const text = env[name] ?? ''
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d+)$/.exec(text)
  if (match === null) throw new EnvironmentError(`${name}=${text}: expected host:port, for example 127.0.0.1:8080`)
  return { host: match[1] ?? match[2]!, port: parsePort(name, match[3]!) }
}

/**
 * Requests per second that the bot sends.
 *
 * @throws {EnvironmentError}
 */
export function readRate(env: Environment): number {
  const text = env.REQUESTS_PER_SECOND || '10'
  const perSecond = Number(text)
  if (perSecond >= 0.1 && perSecond <= 10_000) return perSecond
  throw new EnvironmentError(`REQUESTS_PER_SECOND=${text}: expected a number from 0.1 to 10000`)
}

function parsePort(name: string, text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new EnvironmentError(`${name}=${text}: expected a port from 0 to 65535`)
}

/** `host:port` with IPv6 in brackets. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
