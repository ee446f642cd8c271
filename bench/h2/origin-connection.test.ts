import { connect as connectH2 } from 'node:http2'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { ask, findFault } from '../ask.ts'
import { GET_1K, GRPC_BIDI_STREAM, H2_EXCHANGES } from '../exchanges.ts'
import { OriginConnection } from './origin-connection.ts'
import { SERVICES } from './services.ts'
import { StreamConnection } from './stream-connection.ts'

const listen = async (name: string): Promise<number> => {
  const server: Server = createServer((socket) => void new OriginConnection(socket, SERVICES.get(name)!))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

test.each(H2_EXCHANGES.map((exchange) => ({ exchange, name: exchange.name })))(
  'answers $name',
  async ({ exchange }) => {
    const answer = await ask(await listen(exchange.name), { protocol: 'h2', exchange })
    expect(findFault(answer, { exchange })).toBeUndefined()
  },
)

test.each([{ headerTableSize: 4096 }, { headerTableSize: 0 }])(
  'sends fields again and again to a table of $headerTableSize octets',
  async (settings) => {
    const session = connectH2(`http://127.0.0.1:${await listen(GET_1K.name)}`, { settings })
    onTestFinished(() => session.destroy())
    for (let i = 0; i < 3; i++) {
      const stream = session.request({ ':path': GET_1K.path })
      const head = await new Promise<Record<string, unknown>>((resolve) => stream.on('response', resolve))
      expect(head).toMatchObject({ ':status': 200, 'content-length': '1024', 'content-type': 'text/plain' })
      stream.close()
    }
  },
)

test('a client of streams gets an answer for each message, and ends without a broken stream', async () => {
  const socket = connect(await listen(GRPC_BIDI_STREAM.name), '127.0.0.1')
  let answers = 0
  let broken = 0
  const fields = [
    { name: ':method', value: 'POST' },
    { name: ':scheme', value: 'http' },
    { name: ':path', value: GRPC_BIDI_STREAM.path },
  ]
  await new Promise<void>((resolve) => {
    const connection = new StreamConnection(socket, {
      onAnswer: () => (++answers < 30 ? 'now' : 'never'),
      onBroken: (streams) => {
        broken += streams
      },
      onFinished: resolve,
    })
    connection.open(3, fields)
  })
  // Each of the three hears once that it is to end: the thirtieth answer and the two that were under way.
  expect([answers, broken]).toEqual([32, 0])
})
