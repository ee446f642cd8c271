import type { Hop } from '../exchange/hop.ts'
import { HttpConnection } from '../exchange/http-connection.ts'
import type { HttpVersion } from '../exchange/http-version.ts'
import { Tunnel, type TunnelOptions } from '../l4/tunnel.ts'
import type { SocketPair } from '../net/http-socket.ts'
import type { WorkloadRuntime } from '../workload-runtime.ts'
import type { Accepted } from './accepted.ts'

/** An accepted connection of which it is known where it goes. */
export interface Serving {
  readonly workload: WorkloadRuntime
  readonly accepted: Accepted
  readonly pair: SocketPair
  readonly hop: Hop
  /** What was read to tell the protocol. */
  readonly firstBytes: Uint8Array
}

/** Treats the connection as HTTP of that version from here on. */
export function serveHttp({ workload, accepted, pair, hop, firstBytes }: Serving, protocol: HttpVersion): void {
  const { core, filters } = workload
  const connection = new HttpConnection(pair, { core, hop, filters, accepted, protocol })
  accepted.enter(connection)
  pair.socket.resume()
  if (firstBytes.length > 0) connection.feed(firstBytes)
  if (pair.socket.readableEnded) connection.feedEnd()
  if (accepted.isDraining) connection.drain()
}

/** Copies octets from here on. */
export function serveOpaque(
  { workload, accepted, pair, hop, firstBytes }: Serving,
  about: Pick<TunnelOptions, 'protocol' | 'serverName' | 'serverSpokeFirst' | 'clientSpokeFirst'>,
): void {
  const { accessLog, core } = workload
  accepted.enter(new Tunnel(pair, { core, accessLog, hop, accepted, firstBytes, ...about }))
}
