import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js'
import type { Methods, Service } from './contract.ts'
import { type Address, formatAddress } from './environment.ts'
import type { Running } from './running.ts'

/** What a handler throws to answer with another status than INTERNAL. */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly code: status

  constructor(code: status, message: string) {
    super(message)
    this.code = code
  }
}

/** One function for each method: takes the request, gives the answer or throws. */
export type Handlers<M extends Methods<M>> = {
  readonly [name in keyof M]: (request: M[name]['request']) => M[name]['response']
}

/**
 * Serves `service` in plain gRPC (HTTP/2 without TLS).
 *
 * @throws when the address cannot be bound
 */
export async function startGrpcServer<M extends Methods<M>>(
  service: Service<M>,
  handlers: Handlers<M>,
  listen: Address,
): Promise<Running> {
  const server = new Server()
  const names = Object.keys(handlers) as (keyof M & string)[]
  server.addService(service, Object.fromEntries(names.map((name) => [name, toUnaryHandler(handlers[name])])))
  const port = await bind(server, listen)
  return {
    address: { host: listen.host, port },
    drain: () => new Promise((resolve) => server.tryShutdown(() => resolve())),
    stop: async () => server.forceShutdown(),
  }
}

function toUnaryHandler<Request, Response>(handle: (request: Request) => Response) {
  return (call: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>): void => {
    try {
      answer(null, handle(call.request))
    } catch (error) {
      const code = error instanceof StatusError ? error.code : status.INTERNAL
      answer({ code, details: error instanceof Error ? error.message : String(error) })
    }
  }
}

function bind(server: Server, listen: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(formatAddress(listen), ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    )
  })
}
