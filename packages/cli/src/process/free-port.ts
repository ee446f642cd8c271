import { createServer } from 'node:net'
import { CliError } from '../cli-error.ts'

/** Below the ranges from which systems take ports of outgoing connections, so that none of those comes in between. */
const FIRST = 20_000
const LAST = 32_000
const TRIES = 100

/**
 * Picks ports on loopback on which nothing listens, for programs that are told where to listen. No port is given twice.
 */
export class PortPicker {
  readonly #given = new Set<number>()
  readonly #random: () => number

  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** @throws {CliError} when none is found */
  async pick(): Promise<number> {
    for (let turn = 0; turn < TRIES; turn++) {
      const port = FIRST + Math.floor(this.#random() * (LAST - FIRST))
      if (this.#given.has(port)) continue
      this.#given.add(port)
      if (await isFree(port)) return port
      this.#given.delete(port)
    }
    throw new CliError(`no free port found on 127.0.0.1 from ${FIRST} to ${LAST}`)
  }

  /** To be called when the program has ended. */
  release(port: number): void {
    this.#given.delete(port)
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
