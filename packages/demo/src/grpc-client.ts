import { Client, credentials } from '@grpc/grpc-js'
import type { Methods, Service } from './contract.ts'
import { type Address, formatAddress } from './environment.ts'

/** A call waits for a connection, and then for its answer, no longer than this. */
const DEADLINE_MS = 2000

const CHANNEL_OPTIONS = {
  // The programs of the demo are neighbours: an HTTP proxy meant for the outer world has no place between them.
  'grpc.enable_http_proxy': 0,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.dns_min_time_between_resolutions_ms': 1000,
}

/** One kept connection to a gRPC service; it reconnects by itself. */
export class GrpcClient<M extends Methods<M>> {
  readonly #service: Service<M>
  readonly #client: Client

  constructor(service: Service<M>, upstream: Address) {
    this.#service = service
    this.#client = new Client(`dns:///${formatAddress(upstream)}`, credentials.createInsecure(), CHANNEL_OPTIONS)
  }

  /**
   * Calls a method and waits for its answer.
   *
   * @throws grpc-js' ServiceError with `code` and `details`
   */
  call<N extends keyof M>(name: N, request: M[N]['request']): Promise<M[N]['response']> {
    const { path, requestSerialize, responseDeserialize } = this.#service[name]
    const options = { deadline: Date.now() + DEADLINE_MS, waitForReady: true }
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, options, (error, answer) => {
        if (error !== null) return reject(error)
        if (answer === undefined) return reject(new Error(`${path}: no answer and no error`))
        resolve(answer)
      })
    })
  }

  close(): void {
    this.#client.close()
  }
}
