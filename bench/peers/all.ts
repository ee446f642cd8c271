import { PROXIES, type ProxyName } from '../scenarios.ts'
import { envoy } from './envoy.ts'
import { findProgram } from './find-program.ts'
import { haproxy } from './haproxy.ts'
import { heddle } from './heddle.ts'
import { nginx } from './nginx.ts'
import type { Peer } from './peer.ts'

/** A proxy with its program found. */
export interface InstalledPeer {
  readonly peer: Peer
  readonly program: string
}

/** Something to be compared, or needed for it, is not installed. */
export class MissingError extends Error {
  override readonly name = 'MissingError'
}

const PEERS: Readonly<Record<ProxyName, Peer>> = { heddle, haproxy, nginx, envoy }

/**
 * The programs of these proxies.
 *
 * @throws {MissingError} naming all that are not there and how to install them: none is left out in silence
 */
export function findPeers(names: readonly ProxyName[]): readonly InstalledPeer[] {
  const found = PROXIES.filter((name) => names.includes(name)).map((name) => ({
    peer: PEERS[name],
    program: PEERS[name].find(),
  }))
  const missing = found.filter(({ program }) => program === undefined)
  if (missing.length > 0) {
    const lines = missing.map(({ peer }) => `  ${peer.name}: ${peer.install}`)
    throw new MissingError(`not installed:\n${lines.join('\n')}\nor compare fewer with --proxies`)
  }
  const installed = found.map(({ peer, program }) => ({ peer, program: program! }))
  for (const { peer, program } of installed) peer.prepare?.(program)
  return installed
}

/**
 * A program that the benchmark itself needs.
 *
 * @throws {MissingError} with `message` when it is not installed
 */
export function needProgram(name: string, message: string): string {
  const program = findProgram(name)
  if (program === undefined) throw new MissingError(message)
  return program
}

/** @throws {MissingError} */
export function needBun(): string {
  const bun = heddle.find()
  if (bun === undefined) throw new MissingError(`bun runs the origin of HTTP/2. ${heddle.install}`)
  return bun
}
