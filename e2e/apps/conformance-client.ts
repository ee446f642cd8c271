/**
 * The client of the conformance tests: sends the requests that standard input asks for, a JSON object a line, and prints an answer
 * for each. It knows nothing of the mesh.
 *
 * asks: `{"id":1,"protocol":"http","host":"echo:80","path":"/","method":"GET","headers":{},"count":1}`; where the environment has a
 * variable named after the host (`ECHO_80`), its value is connected to. answers: `{"id":1,"answers":[{"status":200,"headers":{},"echo":{}}]}`
 */
import { Agent, request } from 'node:http'
import { connect } from 'node:http2'
import { createInterface } from 'node:readline'
import { ECHO_METHODS, type Echo, readEchoResponse } from '../harness/echo-message.ts'

export interface Ask {
  readonly id: number
  readonly protocol: 'http' | 'grpc'
  readonly host: string
  readonly path: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  /** How many times; all of them over one connection. */
  readonly count: number
}

export interface Answer {
  /** Of HTTP; of gRPC 200 where the status of the call is OK, else that status. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** What the echo server saw, where the answer is its own. */
  readonly echo: Echo | undefined
}

const DEADLINE_MS = 10_000
const GRPC_MESSAGE_OFFSET = 5

for await (const line of createInterface({ input: process.stdin })) void answer(JSON.parse(line) as Ask)
process.exit(0)

async function answer(ask: Ask): Promise<void> {
  try {
    print({ id: ask.id, answers: ask.protocol === 'grpc' ? await callAll(ask) : await getAll(ask) })
  } catch (error) {
    print({ id: ask.id, error: error instanceof Error ? error.message : String(error) })
  }
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** Where to connect to: the port of HTTP is 80 where none is named. */
function targetOf(host: string): { readonly host: string; readonly port: number } {
  const named = /:\d+$/.test(host) ? host : `${host}:80`
  const at = process.env[named.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')] ?? named
  const colon = at.lastIndexOf(':')
  return { host: at.slice(0, colon), port: Number(at.slice(colon + 1)) }
}

async function getAll(ask: Ask): Promise<readonly Answer[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const answers: Answer[] = []
  try {
    for (let i = 0; i < ask.count; i++) answers.push(await get(ask, agent))
  } finally {
    agent.destroy()
  }
  return answers
}

function get({ host, path, method, headers }: Ask, agent: Agent): Promise<Answer> {
  const options = { ...targetOf(host), agent, path, method, headers: { host, ...headers }, timeout: DEADLINE_MS }
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      response.on('error', reject)
      response.on('end', () => {
        const isEcho = response.headers['content-type'] === 'application/json'
        const all = Object.entries(response.headers).map(([name, value]) => [name, [value ?? []].flat().join()])
        const echo = isEcho ? (JSON.parse(body) as Echo) : undefined
        resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(all), echo })
      })
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${DEADLINE_MS} ms`)))
    sent.on('error', reject)
    sent.end()
  })
}

async function callAll(ask: Ask): Promise<readonly Answer[]> {
  const { host, port } = targetOf(ask.host)
  const session = connect(`http://${host}:${port}`)
  const failed = new Promise<never>((_, reject) => session.once('error', reject))
  failed.catch(() => undefined)
  const answers: Answer[] = []
  try {
    for (let i = 0; i < ask.count; i++) answers.push(await Promise.race([failed, call(session, ask)]))
  } finally {
    session.destroy()
  }
  return answers
}

function call(session: ReturnType<typeof connect>, { host, headers }: Ask): Promise<Answer> {
  const head = { ':method': 'POST', ':path': ECHO_METHODS[0]!, ':authority': host, te: 'trailers' }
  const stream = session.request({ ...head, 'content-type': 'application/grpc', ...headers })
  stream.setTimeout(DEADLINE_MS, () => stream.destroy(new Error(`no answer within ${DEADLINE_MS} ms`)))
  const pieces: Buffer[] = []
  const seen: Record<string, string> = {}
  const take = (fields: object) => Object.assign(seen, fields)
  stream.on('response', take).on('trailers', take)
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  // An empty message, without compression.
  stream.end(Buffer.alloc(GRPC_MESSAGE_OFFSET))
  return new Promise((resolve, reject) => {
    stream.once('error', reject)
    stream.once('end', () => {
      const status = Number(seen['grpc-status'] ?? -1)
      const message = Buffer.concat(pieces).subarray(GRPC_MESSAGE_OFFSET)
      const echo = status === 0 ? readEchoResponse(message) : undefined
      resolve({ status: status === 0 ? Number(seen[':status']) : status, headers: seen, echo })
    })
  })
}
