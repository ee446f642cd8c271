/**
 * One conversation over TCP, for the end-to-end tests. It knows nothing of the mesh.
 *
 * usage: node talk.ts HOST:PORT STEPS, where STEPS is JSON: `[{"send":"…","until":"…"},{"end":true}]`; each step sends
 * `send` (latin1), then waits for `until`; `end` ends the own side and waits for the other's end. With TLS=1 in the
 * environment the conversation is within TLS of its own. Prints `{"received","firstMs","fingerprint"}` as JSON.
 */
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'

interface Step {
  readonly send?: string
  readonly until?: string
  readonly end?: boolean
}

const [target = '', stepsText = '[]'] = process.argv.slice(2)
const at = target.lastIndexOf(':')
const to = { host: target.slice(0, at).replace(/^\[(.*)\]$/, '$1'), port: Number(target.slice(at + 1)) }
const isTls = process.env.TLS === '1'
const socket: Socket = isTls
  ? connectTls({ ...to, rejectUnauthorized: false })
  : connect({ ...to, allowHalfOpen: true })
const startMs = performance.now()
let received = ''
let firstMs = -1
let hasEnded = false
let wake = (): void => undefined

setTimeout(() => fail(new Error(`too slow, got ${JSON.stringify(received)}`)), 10_000).unref()
socket.on('error', fail)
socket.on('data', (octets: Buffer) => {
  if (firstMs < 0) firstMs = performance.now() - startMs
  received += octets.toString('latin1')
  wake()
})
socket.on('end', () => {
  hasEnded = true
  wake()
})
for (const step of JSON.parse(stepsText) as readonly Step[]) await perform(step)
const fingerprint = isTls ? (socket as TLSSocket).getPeerX509Certificate()?.fingerprint256 : undefined
process.stdout.write(JSON.stringify({ received, firstMs, fingerprint }))
process.exit(0)

async function perform({ send, until, end }: Step): Promise<void> {
  const from = received.length
  if (send !== undefined) socket.write(Buffer.from(send, 'latin1'))
  if (until !== undefined) await waitFor(() => received.indexOf(until, from) !== -1)
  if (end === true) {
    socket.end()
    await waitFor(() => hasEnded)
  }
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) {
    if (hasEnded) fail(new Error(`ended after ${JSON.stringify(received)}`))
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
}

function fail(error: Error): never {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}
