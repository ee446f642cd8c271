import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { createServer, type IncomingMessage, METHODS, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mutate } from '../fuzz/mutate.ts'
import { createRandom } from '../fuzz/random.ts'
import { REQUESTS } from '../testdata/messages.ts'
import { linesOf } from './lines-of.ts'
import { mayHaveSwitched, observingServer } from './observe.ts'
import type { ReceivedExchange } from './recording-server.ts'

const MUTANTS = 1500
const DEADLINE_MS = 30_000
/** Bun's `node:http` has a parser of its own, which is no reference. */
const isNode = process.versions.bun === undefined

interface NodeRequest {
  readonly method: string
  readonly path: string
  readonly lines: readonly string[]
  body: string
  isEnded: boolean
}

let server: Server
/** Of the connection from that port. */
let arrived: NodeRequest[] = []
let port: number | undefined
let onChange = () => undefined as unknown

beforeAll(async () => {
  server = createServer((request, response) => {
    const noted = note(request)
    request.setEncoding('latin1')
    request.on('data', (part: string) => {
      noted.body += part
    })
    request.on('error', () => undefined)
    request.on('end', () => {
      complete(noted)
      response.end()
    })
  })
  const switchProtocol = (request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => undefined)
    complete(note(request))
  }
  server.on('upgrade', switchProtocol)
  server.on('connect', switchProtocol)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

function note(request: IncomingMessage): NodeRequest {
  const lines: string[] = []
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    lines.push(`${request.rawHeaders[i]!.toLowerCase()}: ${request.rawHeaders[i + 1]}`)
  }
  const path = request.method === 'CONNECT' ? '' : request.url!.replace(/^https?:\/\/[^/?]+/i, '')
  const noted = {
    method: request.method!,
    path: path.startsWith('?') ? `/${path}` : path,
    lines,
    body: '',
    isEnded: false,
  }
  if (request.socket.remotePort === port) arrived.push(noted)
  return noted
}

function complete(request: NodeRequest) {
  request.isEnded = true
  onChange()
}

/** The first `count` requests that Node finds in `octets`; fewer when it refuses one. */
async function parseByNode(octets: string, count: number): Promise<readonly NodeRequest[]> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  port = socket.localPort
  arrived = []
  await new Promise<void>((resolve, reject) => {
    const deadline = setTimeout(
      () => reject(new Error(`Node neither read nor refused ${JSON.stringify(octets)}`)),
      DEADLINE_MS,
    )
    const settle = () => {
      clearTimeout(deadline)
      resolve()
    }
    onChange = () => arrived.filter(({ isEnded }) => isEnded).length >= count && settle()
    socket.on('error', settle)
    socket.on('close', settle)
    socket.resume()
    socket.write(Buffer.from(octets, 'latin1'))
  })
  socket.destroy()
  return arrived.filter(({ isEnded }) => isEnded).slice(0, count)
}

function acceptedByUs(octets: string): readonly ReceivedExchange[] {
  const ours = observingServer()
  ours.receive(octets)
  return ours.exchanges.filter(({ head, isEnded }) => isEnded || mayHaveSwitched(head))
}

/** What Node says of a request, without what the codec keeps to itself. */
function comparable({ method, path, lines, body }: NodeRequest, ours: ReceivedExchange) {
  const names = new Set(linesOf(ours.head.fields).map((line) => line.slice(0, line.indexOf(':'))))
  names.delete('te')
  const isAnonymous = path === '' && method !== 'CONNECT'
  const rootPath = method === 'OPTIONS' ? '*' : '/'
  return {
    method,
    path: isAnonymous ? rootPath : path,
    lines: lines.filter((line) => names.has(line.slice(0, line.indexOf(':')))),
    body,
  }
}

async function expectSame(octets: string) {
  const ours = acceptedByUs(octets)
  if (ours.length === 0 || !ours.every(({ head }) => METHODS.includes(head.method))) return 0
  const theirs = await parseByNode(octets, ours.length)
  const seen = theirs.map((request, index) => comparable(request, ours[index]!))
  const expected = ours.map(({ head, body }) => ({
    method: head.method,
    path: head.path,
    lines: linesOf(head.fields).filter((line) => !line.startsWith('te: ')),
    body: mayHaveSwitched(head) ? '' : body,
  }))
  expect(seen, JSON.stringify(octets)).toEqual(expected)
  return ours.length
}

test.skipIf(!isNode).each(REQUESTS.map((octets) => ({ octets, name: JSON.stringify(octets) })))(
  'Node reads $name as we do',
  async ({ octets }) => {
    expect(await expectSame(octets)).toBeGreaterThan(0)
  },
)

test.skipIf(!isNode)('Node reads each mutant that we accept as we do', async () => {
  let compared = 0
  for (let seed = 1; seed <= MUTANTS; seed++) {
    const random = createRandom(seed)
    compared += await expectSame(mutate(random.pick(REQUESTS), REQUESTS, random))
  }
  expect(compared).toBeGreaterThan(MUTANTS / 10)
})
