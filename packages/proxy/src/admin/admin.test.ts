import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { systemClock } from '@heddle/base/clock'
import { createLog, type Log } from '@heddle/base/log'
import { Registry } from '@heddle/telemetry/registry'
import { describe, expect, test } from 'vitest'
import { adminRoutes, probeRoutes } from './admin-routes.ts'
import { type AdminServer, listenAdmin, listenProbe } from './admin-server.ts'

interface World extends AsyncDisposable {
  readonly server: AdminServer
  readonly log: Log
  notReady: string[]
  drained: number
  /** Sends `request` and gives back all of the answer. */
  send(request: string): Promise<string>
}

async function world(): Promise<World> {
  const registry = new Registry()
  registry.counter('heddle_x_total', 'X').add(3)
  const log = createLog(() => {}, 'info')
  const routes = adminRoutes({
    registry,
    log,
    notReady: () => self.notReady,
    config: () => ({ mode: 'explicit' }),
    connections: (most) => new Array(Math.min(most, 2)).fill({ client: '127.0.0.1:1' }),
    decisions: ({ requestId }) => [{ requestId: `found ${requestId}` }],
    drain: () => {
      self.drained += 1
    },
  })
  const server = await listenAdmin({ host: '127.0.0.1', port: 0 }, routes, systemClock)
  const self: World = {
    server,
    log,
    notReady: [],
    drained: 0,
    async send(request) {
      const socket = connect(server.address.port, '127.0.0.1')
      socket.write(request)
      let answer = ''
      socket.on('data', (bytes) => {
        answer += String(bytes)
      })
      await once(socket, 'end')
      socket.destroy()
      return answer
    },
    [Symbol.asyncDispose]: () => Promise.resolve(server.close()),
  }
  return self
}

async function connected(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  // One that is closed for another is reset.
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

function request(line: string, fields: readonly string[] = [], body = ''): string {
  const lines = [
    `${line} HTTP/1.1`,
    'host: 127.0.0.1',
    'connection: close',
    `content-length: ${body.length}`,
    ...fields,
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

describe('admin interface', () => {
  test.each([
    { line: 'GET /live', status: 200, body: 'live\n' },
    { line: 'GET /ready', status: 200, body: 'ready\n' },
    { line: 'GET /metrics', status: 200, body: 'heddle_x_total 3\n' },
    { line: 'GET /config', status: 200, body: '"mode": "explicit"' },
    { line: 'GET /connections', status: 200, body: '127.0.0.1:1' },
    { line: 'GET /connections?limit=0', status: 400, body: 'limit: expected 1 to 1000' },
    { line: 'GET /decisions?id=abc&failures=true&limit=3', status: 200, body: '"requestId": "found abc"' },
    { line: 'GET /decisions?failures=1', status: 400, body: 'failures: expected true or false' },
    { line: 'GET /decisions?age=1', status: 400, body: 'age: expected id, failures, key, since, limit' },
    { line: 'GET /decisions?since=-1', status: 400, body: 'since: expected ms since 1970' },
    { line: 'GET /log-level', status: 200, body: 'info\n' },
    { line: 'GET /', status: 200, body: 'POST /drain' },
    { line: 'GET /nothing', status: 404, body: 'no such page' },
    { line: 'POST /metrics', status: 405, body: 'only GET' },
  ])('answers $line with $status', async ({ line, status, body }) => {
    await using self = await world()
    const answer = await self.send(request(line))
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(answer).toContain(body)
  })

  test('says why it is not ready', async () => {
    await using self = await world()
    self.notReady = ['no certificate yet', 'not registered']
    expect(await self.send(request('GET /ready'))).toMatch(
      /^HTTP\/1.1 503 [\s\S]*no certificate yet\nnot registered\n$/,
    )
  })

  test('changes the log level, to one that there is', async () => {
    await using self = await world()
    expect(await self.send(request('PUT /log-level', [], 'debug\n'))).toContain('200')
    expect(self.log.level).toBe('debug')
    expect(await self.send(request('PUT /log-level', [], 'loud'))).toMatch(/^HTTP\/1.1 400 /)
    expect(self.log.level).toBe('debug')
  })

  test('drains on POST only', async () => {
    await using self = await world()
    expect(await self.send(request('GET /drain'))).toMatch(/^HTTP\/1.1 405 /)
    expect(self.drained).toBe(0)
    expect(await self.send(request('POST /drain'))).toMatch(/^HTTP\/1.1 202 /)
    expect(self.drained).toBe(1)
  })

  test('answers HEAD without a body', async () => {
    await using self = await world()
    expect(await self.send(request('HEAD /metrics'))).toMatch(/^HTTP\/1.1 200 [\s\S]*\r\n\r\n$/)
  })

  test.each([
    { name: 'a page of a browser', fields: ['origin: http://evil.example'] },
    { name: 'a name that leads here', fields: [], host: 'evil.example' },
  ])('refuses $name', async ({ fields, host }) => {
    await using self = await world()
    const sent = request('POST /drain', fields)
    const answer = await self.send(host === undefined ? sent : sent.replace('127.0.0.1', host))
    expect(answer).toMatch(/^HTTP\/1.1 403 /)
    expect(self.drained).toBe(0)
  })

  test('refuses bodies that are too long', async () => {
    await using self = await world()
    expect(await self.send(request('PUT /log-level', [], 'x'.repeat(3_000)))).toMatch(/^HTTP\/1.1 413 /)
  })

  test('closes the oldest connection where there are too many, so that nobody is kept out', async () => {
    await using self = await world()
    const idle = await Promise.all(Array.from({ length: 32 }, () => connected(self.server.address.port)))
    const closed = once(idle[0]!, 'close')
    expect(await self.send(request('GET /live'))).toContain('200')
    idle[0]!.resume()
    await closed
    for (const socket of idle) socket.destroy()
  })

  test('says that its address is taken', async () => {
    await using self = await world()
    const again = listenAdmin(self.server.address, () => ({ status: 200, contentType: '', body: '' }), systemClock)
    await expect(again).rejects.toMatchObject({ name: 'ListenError' })
  })
})

describe('probe listener', () => {
  async function probe(request: string, notReady: string[] = []): Promise<string> {
    const registry = new Registry()
    registry.counter('heddle_x_total', 'X').add(3)
    const handler = probeRoutes({ registry, notReady: () => notReady })
    const server = await listenProbe({ host: '127.0.0.1', port: 0 }, handler, systemClock)
    const socket = await connected(server.address.port)
    socket.write(request)
    let answer = ''
    socket.on('data', (bytes) => {
      answer += String(bytes)
    })
    await once(socket, 'end')
    socket.destroy()
    server.close()
    return answer
  }

  test.each([
    { line: 'GET /live', status: 200 },
    { line: 'GET /ready', status: 200 },
    { line: 'GET /metrics', status: 200 },
    { line: 'GET /', status: 404 },
    { line: 'GET /config', status: 404 },
    { line: 'GET /decisions', status: 404 },
    { line: 'GET /connections', status: 404 },
    { line: 'GET /log-level', status: 404 },
    { line: 'PUT /log-level', status: 404 },
    { line: 'POST /drain', status: 404 },
    { line: 'POST /live', status: 405 },
  ])('answers $line with $status, whatever the Host', async ({ line, status }) => {
    const answer = await probe(request(line).replace('127.0.0.1', '10.1.2.3:15020'))
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  })

  test('answers a kubelet whose connection is older than all of a neighbour that floods it', async () => {
    const handler = probeRoutes({ registry: new Registry(), notReady: () => [] })
    const server = await listenProbe({ host: '127.0.0.1', port: 0 }, handler, systemClock)
    const kubelet = await connected(server.address.port)
    const flood = await Promise.all(Array.from({ length: 100 }, () => connected(server.address.port, '127.0.0.2')))
    // Answered, so all that came before it were accepted.
    for (const socket of [flood.at(-1)!, kubelet]) {
      socket.write(request('GET /live'))
      const [answer] = await once(socket, 'data')
      expect(String(answer)).toMatch(/^HTTP\/1.1 200 /)
    }
    for (const socket of [kubelet, ...flood]) socket.destroy()
    server.close()
  })

  test('is not ready for the reasons of the proxy', async () => {
    expect(await probe(request('GET /ready'), ['draining'])).toMatch(/^HTTP\/1.1 503 [\s\S]*draining\n$/)
  })
})
