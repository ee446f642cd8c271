import { get } from 'node:http'
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { FRAMED_MESSAGE } from './exchanges.ts'
import type { Scenario } from './scenarios.ts'

/** What came back for one request. */
export interface Answer {
  readonly status: number | undefined
  readonly bodyBytes: number
  /** Of gRPC, from the trailers or from the head. */
  readonly grpcStatus: string | undefined
}

const TIMEOUT_MS = 5000

/**
 * Makes one request of the scenario to a proxy, by Node's own clients.
 *
 * @throws when there is no answer
 */
export function ask(port: number, { protocol, exchange }: Pick<Scenario, 'protocol' | 'exchange'>): Promise<Answer> {
  return protocol === 'http1' ? askHttp1(port, exchange.path) : askH2(port, exchange)
}

/** What is wrong with the answer; `undefined` when it is as it should be. */
export function findFault(answer: Answer, { exchange }: Pick<Scenario, 'exchange'>): string | undefined {
  if (answer.status !== 200) return `status ${answer.status}`
  if (answer.bodyBytes !== exchange.answerBytes) return `${answer.bodyBytes} octets, not ${exchange.answerBytes}`
  if (exchange.isGrpc && answer.grpcStatus !== '0') return `grpc-status ${answer.grpcStatus}`
  return undefined
}

function askHttp1(port: number, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, timeout: TIMEOUT_MS }, (answer) => {
      let bodyBytes = 0
      answer.on('data', (part: Buffer) => {
        bodyBytes += part.length
      })
      answer.on('end', () => resolve({ status: answer.statusCode, bodyBytes, grpcStatus: undefined }))
      answer.on('error', reject)
    })
    request.on('timeout', () => request.destroy(new Error('no answer in time')))
    request.on('error', reject)
  })
}

async function askH2(port: number, exchange: Scenario['exchange']): Promise<Answer> {
  const session = connect(`http://127.0.0.1:${port}`)
  const failure = new Promise<never>((_, reject) => {
    session.once('error', reject)
    session.setTimeout(TIMEOUT_MS, () => reject(new Error('no answer in time')))
  })
  try {
    return await Promise.race([request(session, exchange), failure])
  } finally {
    session.destroy()
  }
}

function request(session: ClientHttp2Session, { path, requestBytes, isGrpc }: Scenario['exchange']): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const grpc = isGrpc ? { 'content-type': 'application/grpc', te: 'trailers' } : {}
    const stream = session.request({ ':path': path, ':method': requestBytes === 0 ? 'GET' : 'POST', ...grpc })
    let head: IncomingHttpHeaders & { readonly ':status'?: number | undefined } = {}
    let trailers: IncomingHttpHeaders = {}
    let bodyBytes = 0
    stream.on('response', (fields) => {
      head = fields
    })
    stream.on('trailers', (fields) => {
      trailers = fields
    })
    stream.on('data', (part: Buffer) => {
      bodyBytes += part.length
    })
    stream.on('error', reject)
    stream.on('close', () => {
      const grpcStatus = [trailers['grpc-status'] ?? head['grpc-status']].flat()[0]
      resolve({ status: head[':status'], bodyBytes, grpcStatus })
    })
    if (requestBytes === 0) stream.end()
    else stream.end(FRAMED_MESSAGE)
  })
}
