import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { CidrSet } from '@heddle/base/cidr'
import type { Clock } from '@heddle/base/clock'
import { ConfigError } from '@heddle/base/config-error'
import { messageOf } from '@heddle/base/message-of'
import type { Family } from './redirect-rules.ts'

/** Addresses that lead nowhere (RFC 5737, RFC 3849): who answers there is on this side of the network. */
const TEST_ADDRESSES: Readonly<Record<Family, string>> = { ipv4: '192.0.2.1', ipv6: '2001:db8::1' }
const TEST_PORT = 20_001
const TRY_MS = 1_000

/** What is to be seen. */
export interface RedirectionCheck {
  readonly family: Family
  /** The proxy's, to which connections should be redirected. */
  readonly outboundPort: number
  readonly skipSubnets: readonly string[]
  readonly withinMs: number
  readonly clock: Clock
}

/** `undecided`: the address to be tried is one that is skipped. */
export type RedirectionState = 'redirected' | 'not-redirected' | 'undecided'

/**
 * Sees whether connections that this process opens come to the proxy's outbound port, by listening there in the proxy's place. Of the
 * way in nothing can be seen from within.
 *
 * @throws {ConfigError} when somebody else listens there
 */
export async function checkRedirection(check: RedirectionCheck): Promise<RedirectionState> {
  const { family, outboundPort, clock, withinMs } = check
  const address = TEST_ADDRESSES[family]
  if (new CidrSet(check.skipSubnets).has(address)) return 'undecided'
  const word = randomBytes(16).toString('hex')
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.end(word)
  })
  await listen(server, family, outboundPort)
  const endUs = clock.monotonicUs() + withinMs * 1000
  try {
    while (clock.monotonicUs() < endUs) {
      if ((await hear(address, clock)) === word) return 'redirected'
      await clock.sleep(TRY_MS / 4)
    }
    return 'not-redirected'
  } finally {
    server.close()
  }
}

async function listen(server: Server, family: Family, port: number): Promise<void> {
  try {
    server.listen({ port, host: family === 'ipv4' ? '0.0.0.0' : '::', ipv6Only: family === 'ipv6' })
    await once(server, 'listening')
  } catch (error) {
    const problem = `cannot listen on port ${port} in the place of the proxy: ${messageOf(error)}`
    const cause = "does another container of this pod, such as another mesh's proxy, listen there?"
    throw new ConfigError([`${problem}; ${cause}`], 'redirection cannot be checked')
  }
}

/** What is said at an address, as far as it comes in time. */
async function hear(address: string, clock: Clock): Promise<string> {
  const socket = connect({ host: address, port: TEST_PORT })
  const late = clock.after(TRY_MS, () => socket.destroy())
  try {
    return await readAll(socket)
  } finally {
    late.cancel()
    socket.destroy()
  }
}

function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    // Whatever went wrong shows in what was heard.
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text))
  })
}
