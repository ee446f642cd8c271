import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import {
  type Client,
  credentials,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  status,
} from '@grpc/grpc-js'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { ClientsOrigin, digestOf, pattern } from './harness/clients-origin.ts'
import { TwoHops } from './harness/hops.ts'
import { run, start } from './harness/process.ts'
import { canRun } from './harness/requirements.ts'
import { until } from './harness/until.ts'

const LARGE_BYTES = 10 * 1024 * 1024
const FETCH = resolve(import.meta.dirname, '../tools/suites/fetch.sh')
const body = pattern(LARGE_BYTES)

let origin: ClientsOrigin
let hops: TwoHops
let folder: string
let bodyFile: string
const url = (path: string): string => `http://127.0.0.1:${hops.port}${path}`

beforeAll(async () => {
  origin = await ClientsOrigin.start()
  hops = await TwoHops.start({ originPort: origin.port, protocol: 'detect' })
  folder = mkdtempSync(join(tmpdir(), 'heddle-clients-'))
  bodyFile = join(folder, 'body')
  writeFileSync(bodyFile, body)
})

afterAll(async () => {
  await hops?.[Symbol.asyncDispose]()
  origin?.[Symbol.dispose]()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

describe.runIf(canRun('curl')).each([
  { version: 'HTTP/1', option: '--http1.1', shown: '1.1' },
  { version: 'HTTP/2 by prior knowledge', option: '--http2-prior-knowledge', shown: '2' },
])('curl, $version', ({ option, shown }) => {
  const curl = (...args: readonly string[]) => run(['curl', '--silent', '--show-error', option, ...args])

  test('gets the version it speaks', async () => {
    expect((await curl('--write-out', ' %{http_version}', url('/hello'))).stdout).toBe(`hello ${shown}`)
  })

  test('sends and gets a large body', async () => {
    expect((await curl('--data-binary', `@${bodyFile}`, url('/digest'))).stdout).toBe(digestOf(body))
    const answer = join(folder, `answer-${shown}`)
    await curl('--data-binary', `@${bodyFile}`, '--output', answer, url('/echo'))
    expect(digestOf(readFileSync(answer))).toBe(digestOf(body))
  })

  test('gets trailers', async () => {
    const { stdout } = await curl('--dump-header', '-', '--output', '/dev/null', url('/bytes/100000'))
    const [head = '', trailers] = stdout.split('\r\n\r\n')
    expect(head).not.toContain('x-digest:')
    expect(trailers).toContain(`x-digest: ${digestOf(pattern(100_000))}`)
  })

  test('goes away in the middle, and the application hears of it', () =>
    leave(['curl', '--silent', option, '--output', '/dev/null', url('/endless')], 1))
})

describe.runIf(canRun('nghttp'))('nghttp', () => {
  test('gets a large body and its trailer', async () => {
    const { stdout, status: exit } = await run(['nghttp', '--null-out', '--verbose', url(`/bytes/${LARGE_BYTES}`)])
    expect(exit).toBe(0)
    expect(stdout).toContain(`x-digest: ${digestOf(body)}`)
  })

  test('sends a large body, and a trailer', async () => {
    expect((await run(['nghttp', '--data', bodyFile, url('/digest')])).stdout).toBe(digestOf(body))
    const { stdout } = await run(['nghttp', '--data', bodyFile, '--trailer', 'x-sum: 5', '-vn', url('/echo')])
    expect(stdout).toContain('x-echo-x-sum: 5')
  })

  test('goes away in the middle, and the application hears of it', () =>
    leave(['nghttp', '--null-out', url('/endless')], 1))
})

describe.runIf(canRun('h2load'))('h2load', () => {
  test('is answered on many connections and streams', async () => {
    const { stdout } = await run(['h2load', '-n', '5000', '-c', '10', '-m', '50', url('/hello')])
    expect(stdout).toContain('5000 succeeded, 0 failed, 0 errored')
  })

  test('sends and gets large bodies on streams that share connections', async () => {
    const { stdout } = await run(['h2load', '-n', '8', '-c', '2', '-m', '4', '--data', bodyFile, url('/echo')])
    expect(stdout).toContain('8 succeeded, 0 failed, 0 errored')
    expect(stdout).toContain(`(${8 * LARGE_BYTES}) data`)
  })

  test('goes away in the middle of all of them, and the application hears of each', () =>
    leave(['h2load', '-n', '6', '-c', '2', '-m', '3', url('/endless')], 6))
})

/** Starts a client of `/endless`, ends it in the middle, and waits until the application has heard of `count` cancelled requests. */
async function leave(command: readonly string[], count: number): Promise<void> {
  const before = { cancelled: origin.cancelled, open: origin.endless }
  const client = start(command)
  await until('all are under way', () => origin.endless === before.open + count)
  client.process.kill('SIGKILL')
  await client.ended
  await until('the application hears of it', () => origin.cancelled === before.cancelled + count)
}

describe.runIf(hasGoClient())('net/http of Go', () => {
  test.each(['http1', 'h2c'])('%s: large bodies, trailers, cancel', async (version) => {
    const program = join(spawnSync(FETCH, ['http-client'], { encoding: 'utf8' }).stdout.trim(), 'http-client')
    const before = origin.cancelled
    const { stdout } = await run([program, version, url('')])
    const results = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { passed: boolean })
    expect(results.filter(({ passed }) => !passed)).toEqual([])
    expect(results.length).toBeGreaterThan(5)
    await until('the application hears of the cancel', () => origin.cancelled > before)
  })
})

describe.each([
  { version: 'HTTP/1', options: { allowH2: false } },
  { version: 'HTTP/2 by prior knowledge', options: { allowH2: true, useH2c: true } },
])('undici, $version', ({ options }) => {
  test('sends and gets a large body', async () => {
    const dispatcher = new Agent(options)
    const { body: answer } = await request(url('/echo'), { dispatcher, method: 'POST', body: inPieces(body) })
    expect(digestOf(Buffer.from(await answer.arrayBuffer()))).toBe(digestOf(body))
    await dispatcher.destroy()
  })

  test('gets trailers', async () => {
    const dispatcher = new Agent(options)
    const { body: answer, trailers } = await request(url('/bytes/100000'), { dispatcher })
    await answer.arrayBuffer()
    expect(trailers).toEqual({ 'x-digest': digestOf(pattern(100_000)) })
    await dispatcher.destroy()
  })

  test('goes away in the middle, and the application hears of it', async () => {
    const dispatcher = new Agent(options)
    const before = origin.cancelled
    const { body: answer } = await request(url('/endless'), { dispatcher })
    answer.on('error', () => undefined)
    await new Promise((resolve) => answer.once('data', resolve))
    answer.destroy()
    await until('the application hears of it', () => origin.cancelled > before)
    await dispatcher.destroy()
  })
})

test('ws goes away in the middle, and the application hears of it', async () => {
  const before = origin.cancelled
  const socket = new WebSocket(url('/socket').replace('http', 'ws'))
  await new Promise((resolve) => socket.once('open', resolve))
  socket.on('error', () => undefined)
  socket.send(body)
  await new Promise((resolve) => socket.once('message', resolve))
  socket.send(body)
  socket.terminate()
  await until('the application hears of it', () => origin.cancelled > before)
})

test('ws sends and gets large messages', async () => {
  const socket = new WebSocket(url('/socket').replace('http', 'ws'))
  const answer = new Promise<Buffer>((resolve, reject) => {
    socket.once('message', (message: Buffer) => resolve(message))
    socket.once('error', reject)
  })
  await new Promise((resolve) => socket.once('open', resolve))
  socket.send(body)
  expect(digestOf(await answer)).toBe(digestOf(body))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.close(4321)
  expect(await closed).toBe(4321)
})

describe('grpc-js', () => {
  const METHODS = { echo: methodOf('Echo', false), stream: methodOf('Stream', true), fail: methodOf('Fail', false) }
  const server = new Server({ 'grpc.max_receive_message_length': -1 })
  let cancelled = 0
  let through: TwoHops
  let client: Client

  beforeAll(async () => {
    server.addService(METHODS, {
      echo: (call: { request: Buffer }, reply: (error: null, answer: Buffer) => void) => reply(null, call.request),
      fail: (_call: unknown, reply: (error: object) => void) => reply({ code: status.DATA_LOSS, details: 'gone: ä' }),
      stream: (call: NodeJS.EventEmitter & { write(chunk: Buffer): void; end(): void }) => {
        call.on('data', (message: Buffer) => call.write(message))
        call.on('end', () => call.end())
        call.on('cancelled', () => {
          cancelled += 1
        })
      },
    })
    const bind = (done: (error: Error | null, port: number) => void) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), done)
    const port = await new Promise<number>((good, bad) => bind((error, bound) => (error ? bad(error) : good(bound))))
    through = await TwoHops.start({ originPort: port, protocol: 'http2' })
    const Echo = makeGenericClientConstructor(METHODS, 'Echo')
    client = new Echo(`127.0.0.1:${through.port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
    })
  })

  afterAll(async () => {
    client?.close()
    server.forceShutdown()
    await through?.[Symbol.asyncDispose]()
  })

  test('sends and gets a large message', async () => {
    expect(digestOf(await unary('/test.Echo/Echo', body))).toBe(digestOf(body))
  })

  test('gets the status of the server', async () => {
    await expect(unary('/test.Echo/Fail', Buffer.alloc(1))).rejects.toMatchObject({
      code: status.DATA_LOSS,
      details: 'gone: ä',
    })
  })

  test('talks both ways, cancels, and the server hears of it', async () => {
    const call = client.makeBidiStreamRequest('/test.Echo/Stream', same, same)
    call.on('error', () => undefined)
    for (let i = 0; i < 3; i++) {
      const answer = new Promise((resolve) => call.once('data', resolve))
      call.write(Buffer.from(`message ${i}`))
      expect(String(await answer)).toBe(`message ${i}`)
    }
    call.cancel()
    await until('the server hears of it', () => cancelled === 1)
  })

  function unary(path: string, message: Buffer): Promise<Buffer> {
    return new Promise((good, bad) => {
      client.makeUnaryRequest(path, same, same, message, (error, answer?: Buffer) =>
        error ? bad(error) : good(answer!),
      )
    })
  }
})

function same(octets: Buffer): Buffer {
  return octets
}

function methodOf(name: string, isStream: boolean) {
  return {
    path: `/test.Echo/${name}`,
    requestStream: isStream,
    responseStream: isStream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  }
}

/** In one piece it would reach the bound of 10 MB that Node's HTTP/2 has for what a session keeps. */
function inPieces(whole: Buffer): Readable {
  const count = Math.ceil(whole.length / 65_536)
  return Readable.from(Array.from({ length: count }, (_, i) => whole.subarray(i * 65_536, (i + 1) * 65_536)))
}

/** Built by `make e2e`; in CI a missing one is an error. */
function hasGoClient(): boolean {
  return process.env.CI === 'true' || spawnSync(FETCH, ['http-client']).status === 0
}
