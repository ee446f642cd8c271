import { createServer, type Server } from 'node:net'
import { CliError } from '../cli-error.ts'

/** Below the ranges from which systems take ports of outgoing connections, so that none of those comes in between. */
const FIRST = 20_000
const LAST = 32_000
/** Few enough for 187 meshes on a host, enough for nearly every mesh to need one. */
const BLOCK_PORTS = 64
const BLOCKS = Math.floor((LAST - FIRST) / BLOCK_PORTS)

interface Block {
  /** Its first port, on which {@link Block.holder} listens. */
  readonly first: number
  readonly holder: Server
  /** How many were tried; a port that was given back has its turn again after all others. */
  tried: number
}

/**
 * Picks ports on loopback on which nothing listens, for programs that are told where to listen. No port is given twice, not by pickers of
 * other processes and users either: ports come in blocks, and a block is whose who listens on the first port of it. So nothing is left to
 * clean up after a process that was killed.
 */
export class PortPicker implements AsyncDisposable {
  readonly #given = new Set<number>()
  readonly #blocks: Block[] = []
  readonly #random: () => number
  #previous: Promise<unknown> = Promise.resolve()

  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** @throws {CliError} when none is found */
  pick(): Promise<number> {
    // One after the other: several at once would take a block each.
    const picked = this.#previous.then(() => this.#pick())
    this.#previous = picked.catch(() => {})
    return picked
  }

  /** To be called when the program has ended. */
  release(port: number): void {
    this.#given.delete(port)
  }

  /** Leaves all its ports to others. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#previous
    await Promise.all(this.#blocks.splice(0).map(({ holder }) => close(holder)))
  }

  async #pick(): Promise<number> {
    for (const block of this.#blocks) {
      const port = await this.#pickFrom(block)
      if (port !== undefined) return port
    }
    const start = Math.floor(this.#random() * BLOCKS)
    for (let turn = 0; turn < BLOCKS; turn++) {
      const block = await takeBlock(FIRST + ((start + turn) % BLOCKS) * BLOCK_PORTS)
      if (block === undefined) continue
      this.#blocks.push(block)
      const port = await this.#pickFrom(block)
      if (port !== undefined) return port
    }
    throw new CliError(`no free port found on 127.0.0.1 from ${FIRST} to ${LAST}`)
  }

  async #pickFrom(block: Block): Promise<number | undefined> {
    const size = BLOCK_PORTS - 1
    for (let turn = 0; turn < size; turn++) {
      const port = block.first + 1 + (block.tried++ % size)
      if (this.#given.has(port) || !(await isFree(port))) continue
      this.#given.add(port)
      return port
    }
    return undefined
  }
}

async function takeBlock(first: number): Promise<Block | undefined> {
  const holder = await listen(first)
  return holder && { first, holder: holder.unref(), tried: 0 }
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port)
  if (server === undefined) return false
  await close(server)
  return true
}

/** `undefined` where another one listens. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
