import { type Client, Code, ConnectError, createClient, type Transport } from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { digestOf, pattern } from './harness/clients-origin.ts'
import { ConnectOrigin, ECHO } from './harness/connect-origin.ts'
import { TwoHops } from './harness/hops.ts'
import { askAdmin } from './harness/static-proxy.ts'
import { until } from './harness/until.ts'

const LARGE_BYTES = 10 * 1024 * 1024
const PIECE_BYTES = 100_000
const ENDLESS = 255
/** Status codes of gRPC, as metrics have them. */
const [OK, CANCELLED, DATA_LOSS] = ['0', '1', '15']
const body = pattern(LARGE_BYTES)

interface Row {
  readonly protocol: string
  readonly version: string
  readonly connect: (baseUrl: string) => Transport
}

const ROWS: readonly Row[] = [
  {
    protocol: 'gRPC',
    version: 'HTTP/2',
    connect: (baseUrl) => createGrpcTransport({ baseUrl }),
  },
  {
    protocol: 'gRPC-Web',
    version: 'HTTP/1',
    connect: (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' }),
  },
  {
    protocol: 'gRPC-Web',
    version: 'HTTP/2',
    connect: (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '2' }),
  },
  {
    protocol: 'Connect',
    version: 'HTTP/1',
    connect: (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '1.1' }),
  },
  {
    protocol: 'Connect',
    version: 'HTTP/2',
    connect: (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '2' }),
  },
]

let origin: ConnectOrigin
let hops: TwoHops

beforeAll(async () => {
  origin = await ConnectOrigin.start()
  hops = await TwoHops.start({ originPort: origin.port, protocol: 'detect' })
})

afterAll(async () => {
  await hops?.[Symbol.asyncDispose]()
  origin?.[Symbol.dispose]()
})

describe.each(ROWS)('connect-es, $protocol over $version', ({ connect }) => {
  const start = () => createClient(ECHO, connect(`http://127.0.0.1:${hops.port}`))

  test('sends and gets a large message', async () => {
    const { value } = await start().echo({ value: body })
    expect(digestOf(Buffer.from(value))).toBe(digestOf(body))
  })

  test('gets the status of the server, with its message and its trailer', async () => {
    const error = await start()
      .fail({})
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ConnectError)
    expect(error).toMatchObject({ code: Code.DataLoss, rawMessage: 'gone: ä' })
    expect((error as ConnectError).metadata.get('x-why')).toBe('because')
  })

  test('gets a stream of messages and the trailers behind it', async () => {
    let trailers: Headers | undefined
    const onTrailer = (headers: Headers): void => {
      trailers = headers
    }
    const piece = Uint8Array.of(20, ...pattern(PIECE_BYTES))
    let count = 0
    for await (const { value } of start().repeat({ value: piece }, { onTrailer })) {
      expect(digestOf(Buffer.from(value))).toBe(digestOf(Buffer.from(piece)))
      count += 1
    }
    expect(count).toBe(20)
    expect(trailers?.get('x-times')).toBe('20')
  })

  test('goes away in the middle, and the application hears of it', async () => {
    const before = origin.cancelled
    await expect(leave(start())).rejects.toMatchObject({ code: Code.Canceled })
    await until('the application hears of it', () => origin.cancelled > before)
  })
})

test('both proxies know the calls of gRPC by their status', async () => {
  const client = createClient(ECHO, createGrpcTransport({ baseUrl: `http://127.0.0.1:${hops.port}` }))
  await client.echo({ value: Uint8Array.of(1) })
  await expect(client.fail({})).rejects.toMatchObject({ code: Code.DataLoss })
  await expect(leave(client)).rejects.toMatchObject({ code: Code.Canceled })
  for (const adminPort of [hops.adminPort, hops.serverAdminPort]) {
    await until('each status is counted', async () => {
      const calls = (await askAdmin(adminPort, '/metrics'))
        .split('\n')
        .filter((line) => line.startsWith('heddle_requests_total{'))
      const statuses = new Set(calls.map((line) => /grpc_status="(\d+)"/.exec(line)?.[1]))
      return [OK, CANCELLED, DATA_LOSS].every((status) => statuses.has(status))
    })
  }
})

/** Asks for messages without end, and has enough after the first. */
async function leave(client: Client<typeof ECHO>): Promise<void> {
  const going = new AbortController()
  const stream = client.repeat({ value: Uint8Array.of(ENDLESS) }, { signal: going.signal })
  for await (const _ of stream) going.abort()
}
