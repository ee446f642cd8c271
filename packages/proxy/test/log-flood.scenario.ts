import { connect } from 'node:tls'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { dial } from './harness/peer.ts'
import { waitFor } from './harness/wait-for.ts'
import { inbound, type TestProxy, World } from './harness/world.ts'

const KNOCKS = 30

test('handshakes that are refused in a loop are all counted, but not all logged', async () => {
  await using world = await World.create()
  const identity = await world.identity('cart')
  const proxy = await world.proxy({ identity, listeners: [inbound(9)], clock: clockThatStands() })
  for (let turn = 0; turn < KNOCKS; turn++) await knockWithoutCertificate(proxy.port, identity.serverName)
  await waitFor('all are counted', () => proxy.metric('heddle_errors_total{error="client_identity_refused"') === KNOCKS)
  expect(linesOf(proxy, 'connection refused')).toMatchObject([{ level: 'warn', error: 'client_identity_refused' }])
})

test('requests that are refused in a loop are all counted, but not all logged', async () => {
  await using world = await World.create()
  const identity = await world.identity('cart')
  const proxy = await world.proxy({ identity, listeners: [inbound(9)], clock: clockThatStands() })
  for (let turn = 0; turn < KNOCKS; turn++) {
    using client = await dial(proxy.port)
    client.send('GET / HTTP/1.1\r\n\r\n')
    await client.untilEnd()
  }
  expect(proxy.metric('heddle_errors_total{error="client_protocol_error"')).toBe(KNOCKS)
  expect(linesOf(proxy, 'request refused')).toHaveLength(1)
})

/** However long a busy machine takes for all of them, it is within the time of one line. Certificates are looked at by it. */
function clockThatStands(): ManualClock {
  return new ManualClock(Date.now())
}

async function knockWithoutCertificate(port: number, servername: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false })
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('close', resolve))
}

function linesOf({ logged }: TestProxy, event: string): object[] {
  return logged.map((line) => JSON.parse(line) as { readonly msg: string }).filter(({ msg }) => msg === event)
}
