import { WebSocket, WebSocketServer } from 'ws'
import type { UpgradeHandler } from './dual-server.ts'

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024
/** The package's own bounds are below what the Autobahn test suite sends. */
const UNBOUNDED = { maxPayload: MAX_MESSAGE_BYTES, maxFragments: 0, maxBufferedChunks: 0, perMessageDeflate: false }

/** What a WebSocket's end is called that nobody had announced. RFC 6455 §7.4.1. */
export const CLOSED_WITHOUT_A_WORD = 1006

/**
 * Takes upgrades to WebSocket and sends every message back.
 *
 * @param onClose - gets the code by which one ended
 */
export function echoUpgrades(onClose: (code: number) => void = () => undefined): UpgradeHandler {
  const server = new WebSocketServer({ ...UNBOUNDED, noServer: true })
  const open = (socket: WebSocket): void => {
    sendBack(socket)
    socket.on('close', onClose)
  }
  return (request, socket, head) => server.handleUpgrade(request, socket, head, open)
}

export interface EchoOptions {
  readonly deadlineMs: number
  /** Field Host, where it is not that of the URL. */
  readonly host: string
}

/**
 * Sends every message back until the server closes; resolves with the last one.
 *
 * @throws {Error} when the connection was refused, or after `deadlineMs`
 */
export function echoOf(url: string, { deadlineMs, host }: EchoOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { ...UNBOUNDED, headers: { host } })
    const timer = setTimeout(() => socket.terminate(), deadlineMs)
    let last = ''
    let wasOpen = false
    socket.on('open', () => {
      wasOpen = true
      sendBack(socket)
    })
    socket.on('message', (message: Buffer) => {
      last = message.toString('utf8', 0, 100)
    })
    socket.on('error', (error) => {
      if (!wasOpen) reject(error)
    })
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(last)
    })
  })
}

function sendBack(socket: WebSocket): void {
  socket.on('error', () => undefined)
  socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }))
}
