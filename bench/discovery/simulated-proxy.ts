import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import type { WatchResponseJson } from '@heddle/api/discovery'

/** Whom a simulated proxy speaks to, and as whom. */
export interface ProxyLink {
  readonly host: string
  readonly port: number
  readonly trustBundlePem: string
  readonly certificatePem: string
  readonly privateKeyPem: string
}

/** What a proxy says of itself; ports as in `heddle.discovery.v1.Node`. */
export interface SimulatedNode {
  readonly namespace: string
  readonly workload: string
  readonly instance: string
  readonly serviceAccount: string
  readonly labels: Readonly<Record<string, string>>
  readonly ports: readonly object[]
}

const ENVELOPE_HEAD = 5

/**
 * A proxy as the control plane sees one: a stream that is read and acknowledged, over mTLS. It does nothing with what it is
 * told, so that a thousand of them fit beside the control plane on one machine.
 */
export class SimulatedProxy {
  readonly node: SimulatedNode
  /** Set while a change is waited for. */
  onUpdate: ((message: WatchResponseJson) => void) | undefined
  readonly #watch: TLSSocket
  readonly #calls: TLSSocket
  #held: Buffer = Buffer.alloc(0)
  #isHeadRead = false
  #streamId = ''

  private constructor(node: SimulatedNode, watch: TLSSocket, calls: TLSSocket) {
    this.node = node
    this.#watch = watch
    this.#calls = calls
    watch.on('data', (bytes: Buffer) => this.#read(bytes))
    calls.resume()
  }

  /** Resolves when the first message is there. */
  static async open(node: SimulatedNode, link: ProxyLink, keys: readonly string[]): Promise<SimulatedProxy> {
    const localAddress = nextAddress()
    const [watch, calls] = await Promise.all([dial(link, localAddress), dial(link, localAddress)])
    const proxy = new SimulatedProxy(node, watch, calls)
    const first = new Promise<void>((resolve) => {
      proxy.onUpdate = () => resolve()
    })
    const request = { node, subscriptions: keys.map((key) => ({ key, version: '' })), healthy: true }
    const payload = Buffer.from(JSON.stringify(request))
    const head = Buffer.alloc(ENVELOPE_HEAD)
    head.writeUInt32BE(payload.length, 1)
    post(watch, { method: 'Watch', type: 'application/connect+json', body: Buffer.concat([head, payload]) })
    await first
    proxy.onUpdate = undefined
    return proxy
  }

  /** Octets of TLS that came on the stream so far. */
  get receivedBytes(): number {
    return this.#watch.bytesRead
  }

  setState(state: 'STATE_READY' | 'STATE_UNHEALTHY'): void {
    this.#call('SetState', { streamId: this.#streamId, state, reason: 'bench' })
  }

  close(): void {
    this.#watch.destroy()
    this.#calls.destroy()
  }

  #call(method: string, message: object): void {
    post(this.#calls, { method, type: 'application/json', body: Buffer.from(JSON.stringify(message)) })
  }

  /** The body is chunked; chunks are taken off first, then envelopes. */
  #read(bytes: Buffer): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    if (!this.#isHeadRead) {
      const end = this.#held.indexOf('\r\n\r\n')
      if (end < 0) return
      this.#isHeadRead = true
      this.#held = this.#held.subarray(end + 4)
    }
    for (;;) {
      const line = this.#held.indexOf('\r\n')
      const size = line < 0 ? Number.NaN : Number.parseInt(this.#held.toString('latin1', 0, line), 16)
      if (Number.isNaN(size) || this.#held.length < line + 4 + size) return
      this.#gather(this.#held.subarray(line + 2, line + 2 + size))
      this.#held = this.#held.subarray(line + 4 + size)
    }
  }

  #body: Buffer = Buffer.alloc(0)

  #gather(chunk: Buffer): void {
    this.#body = this.#body.length === 0 ? chunk : Buffer.concat([this.#body, chunk])
    while (this.#body.length >= ENVELOPE_HEAD) {
      const end = ENVELOPE_HEAD + this.#body.readUInt32BE(1)
      if (this.#body.length < end) return
      this.#receive(JSON.parse(this.#body.toString('utf8', ENVELOPE_HEAD, end)) as WatchResponseJson)
      this.#body = this.#body.subarray(end)
    }
  }

  #receive(message: WatchResponseJson): void {
    const { streamId = '', sequence = '0' } = message
    if (streamId !== '') this.#streamId = streamId
    if (sequence === '0') return
    this.onUpdate?.(message)
    this.#call('Acknowledge', { streamId: this.#streamId, sequence })
  }
}

let opened = 0

/** Each comes from an address of its own, as pods do: the control plane holds one identity at one address to a few connections. */
function nextAddress(): string {
  opened += 1
  return `127.1.${Math.floor(opened / 250) % 250}.${1 + (opened % 250)}`
}

async function dial(link: ProxyLink, localAddress: string): Promise<TLSSocket> {
  const { host, port, trustBundlePem, certificatePem, privateKeyPem } = link
  const tls = { ca: trustBundlePem, cert: certificatePem, key: privateKeyPem, minVersion: 'TLSv1.3' } as const
  const socket = connect({ socket: connectTcp({ host, port, localAddress }), ...tls })
  await once(socket, 'secureConnect')
  socket.setNoDelay(true)
  return socket
}

interface Post {
  readonly method: string
  readonly type: string
  readonly body: Buffer
}

function post(socket: TLSSocket, { method, type, body }: Post): void {
  const path = `/heddle.discovery.v1.DiscoveryService/${method}`
  const fields = `host: control\r\ncontent-type: ${type}\r\nconnect-protocol-version: 1\r\ncontent-length: ${body.length}`
  socket.write(Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${fields}\r\n\r\n`), body]))
}
