import { type ClientHttp2Session, connect, createServer, type Http2Session } from 'node:http2'
import { listen, portOf } from './hops.ts'
import { FrameSocket } from './ws-frames.ts'

/** A client of HTTP/2 by prior knowledge that opens WebSockets by extended CONNECT. RFC 8441. */
export class H2WebSocketClient {
  readonly #session: ClientHttp2Session

  private constructor(session: ClientHttp2Session) {
    this.#session = session
  }

  /** Resolves once the other side has said that it takes extended CONNECT. */
  static async connect(port: number): Promise<H2WebSocketClient> {
    const session = connect(`http://127.0.0.1:${port}`)
    session.on('error', () => undefined)
    await new Promise<void>((resolve, reject) => {
      session.on('remoteSettings', ({ enableConnectProtocol }) => {
        if (enableConnectProtocol === true) resolve()
      })
      session.once('close', () => reject(new Error('the connection ended before extended CONNECT was allowed')))
    })
    return new H2WebSocketClient(session)
  }

  /** @throws {Error} with the status, when that is not 200 */
  async open(path: string): Promise<FrameSocket> {
    const stream = this.#session.request(
      {
        ...{ ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'http', ':path': path },
        ...{ ':authority': 'echo.shop', 'sec-websocket-version': '13' },
      },
      { endStream: false },
    )
    return await new Promise((resolve, reject) => {
      stream.on('error', reject)
      stream.once('response', ({ ':status': status }) => {
        if (status === 200) return resolve(new FrameSocket(stream, 'client'))
        stream.close()
        reject(new Error(`status ${status}`))
      })
    })
  }

  [Symbol.dispose](): void {
    this.#session.destroy()
  }
}

/** An application of HTTP/2 that takes WebSockets by extended CONNECT, and sends every message back. */
export async function startH2Echo(): Promise<{ readonly port: number; [Symbol.dispose](): void }> {
  const sessions = new Set<Http2Session>()
  const server = createServer({ settings: { enableConnectProtocol: true } })
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => undefined)
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    if (headers[':protocol'] !== 'websocket') return stream.respond({ ':status': 400 }, { endStream: true })
    stream.respond({ ':status': 200 })
    const socket = new FrameSocket(stream, 'server')
    socket.onMessage = (message) => socket.send(message)
  })
  await listen(server)
  return {
    port: portOf(server),
    [Symbol.dispose]: () => {
      server.close()
      for (const session of sessions) session.destroy()
    },
  }
}
