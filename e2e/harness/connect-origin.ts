import { create, createFileRegistry } from '@bufbuild/protobuf'
import type { GenService } from '@bufbuild/protobuf/codegenv2'
import { type BytesValueSchema, FileDescriptorProtoSchema, file_google_protobuf_wrappers } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { type DualHandler, DualServer } from './dual-server.ts'

interface Method<Kind extends 'unary' | 'server_streaming'> {
  readonly methodKind: Kind
  readonly input: typeof BytesValueSchema
  readonly output: typeof BytesValueSchema
}

/** A service of its own would need generated code; messages that carry octets are there already. */
export const ECHO = echoService()

type Message = { readonly value: Uint8Array }

/**
 * An application of connect-es, which speaks gRPC, gRPC-Web and Connect on one port. It knows nothing of the mesh.
 *
 * `echo`     answers the message
 * `fail`     fails with DATA_LOSS and a trailer of its own
 * `repeat`   answers the message as often as its first octet says, and says so in a trailer; 255: until the client has enough
 */
export class ConnectOrigin {
  readonly #server: DualServer
  readonly #counts: { cancelled: number }

  private constructor(server: DualServer, counts: { cancelled: number }) {
    this.#server = server
    this.#counts = counts
  }

  static async start(): Promise<ConnectOrigin> {
    const counts = { cancelled: 0 }
    const handler = connectNodeAdapter({
      routes: (router) => void router.service(ECHO, { echo, fail, repeat: repeater(counts) }),
    })
    return new ConnectOrigin(await DualServer.start(handler as DualHandler), counts)
  }

  get port(): number {
    return this.#server.port
  }

  /** Calls of `repeat` whose client went away. */
  get cancelled(): number {
    return this.#counts.cancelled
  }

  [Symbol.dispose](): void {
    this.#server[Symbol.dispose]()
  }
}

function echo({ value }: Message): Message {
  return { value }
}

function fail(): never {
  throw new ConnectError('gone: ä', Code.DataLoss, { 'x-why': 'because' })
}

function repeater(counts: { cancelled: number }) {
  return async function* repeat({ value }: Message, { responseTrailer, signal }: HandlerContext) {
    const times = value[0] ?? 0
    // Not when the generator ends: one whose message is being written at that moment is never asked for another, nor told to end.
    if (times === 255) signal.addEventListener('abort', () => (counts.cancelled += 1), { once: true })
    for (let left = times === 255 ? Number.POSITIVE_INFINITY : times; left > 0; left--) {
      yield { value }
      if (signal.aborted) return
      // Between two messages the connection is looked at.
      await new Promise((resolve) => setImmediate(resolve))
    }
    responseTrailer.set('x-times', String(times))
  }
}

function echoService() {
  const method = (name: string, serverStreaming = false) => ({
    name,
    inputType: '.google.protobuf.BytesValue',
    outputType: '.google.protobuf.BytesValue',
    serverStreaming,
  })
  const file = create(FileDescriptorProtoSchema, {
    name: 'test/echo.proto',
    package: 'test',
    syntax: 'proto3',
    dependency: ['google/protobuf/wrappers.proto'],
    service: [{ name: 'Echo', method: [method('Echo'), method('Fail'), method('Repeat', true)] }],
  })
  const registry = createFileRegistry(file, () => file_google_protobuf_wrappers)
  return registry.getService('test.Echo') as unknown as GenService<{
    echo: Method<'unary'>
    fail: Method<'unary'>
    repeat: Method<'server_streaming'>
  }>
}
