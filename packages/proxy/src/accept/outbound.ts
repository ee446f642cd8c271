import { toProxyError } from '../errors/proxy-error.ts'
import { OutboundHop } from '../exchange/hop.ts'
import type { DestinationState } from '../upstream/destination-state.ts'
import type { AppProtocol } from '../workload.ts'
import type { WorkloadRuntime } from '../workload-runtime.ts'
import type { Accepted } from './accepted.ts'
import { type DetectResult, DetectStage, isHttp, versionOf } from './detect-stage.ts'
import { type Serving, serveHttp, serveOpaque } from './serve.ts'

/** Serves a connection of the own application to the destination named `key`. */
export function serveOutbound(workload: WorkloadRuntime, accepted: Accepted, key: string): void {
  const { context, upstreams } = workload
  accepted.destination = key
  const hop = new OutboundHop(key, context.destinations, upstreams)
  const pair = { socket: accepted.raw, raw: undefined }
  const unread: Serving = { workload, accepted, pair, hop, firstBytes: new Uint8Array(0) }
  const state = resolveOrReject(hop)
  if (!(state instanceof Promise)) {
    serveAs(state.protocol, unread, state)
    return
  }
  // Nobody reads meanwhile: the destination may be one of which no byte may be looked at.
  state.then(
    (known) => accepted.guard(() => serveAs(known.protocol, unread, known)),
    (error: unknown) =>
      accepted.guard(() => {
        hop.failNext(toProxyError(error))
        serveAs('detect', unread)
      }),
  )
}

/** What is thrown is rejected, so that there is one way to fail. */
function resolveOrReject(hop: OutboundHop): DestinationState | Promise<DestinationState> {
  try {
    return hop.resolve()
  } catch (error) {
    return Promise.reject(toProxyError(error))
  }
}

function serveAs(protocol: AppProtocol, unread: Serving, state?: DestinationState): void {
  if (unread.accepted.raw.destroyed) return
  if (protocol !== 'tls' && protocol !== 'opaque') detect(unread, protocol)
  else if (state?.routing?.connections?.kind === 'tls') readServerName(unread, protocol)
  else serveOpaque(unread, { protocol })
}

/** Routes by server name need the hello, whatever is declared. Who says nothing for a while has none. */
function readServerName(unread: Serving, protocol: 'tls' | 'opaque'): void {
  const { workload, accepted } = unread
  const { core } = workload
  const limit = protocol === 'tls' ? 'keepAliveMs' : 'detectMs'
  accepted.enter(
    new DetectStage(accepted.raw, { core, accepted, limit }, (result, firstBytes) => {
      const serverName = result.kind === 'tls' ? result.hello.serverName : undefined
      serveOpaque({ ...unread, firstBytes }, { protocol, serverName })
    }),
  )
}

/** What is declared is the destination's: where that is HTTP, the client may speak the other version. */
function detect(unread: Serving, declared: AppProtocol): void {
  const { workload, accepted, hop } = unread
  const { core, memory } = workload
  const speaker = isHttp(declared) ? 'client' : memory.recall(hop.name)
  if (speaker === 'server') {
    serveOpaque(unread, { protocol: 'opaque' })
    return
  }
  // A client that only opened its connection early need not hurry, once it is known that it will speak.
  const limit = speaker === 'client' ? 'keepAliveMs' : 'detectMs'
  const done = (result: DetectResult, firstBytes: Uint8Array) => {
    // Its other end may have been connected, and so been known to us, only now.
    if (core.loopGuard.isFromItself(accepted.raw, accepted.destination)) {
      accepted.refuse('loop_detected', 'the proxy connected to itself')
    } else if (isHttp(declared)) serveHttp({ ...unread, firstBytes }, versionOf(result, declared))
    else serveDetected({ ...unread, firstBytes }, result)
  }
  accepted.enter(new DetectStage(accepted.raw, { core, accepted, limit }, done))
}

function serveDetected(serving: Serving, result: DetectResult): void {
  const { memory } = serving.workload
  const { name } = serving.hop
  switch (result.kind) {
    case 'http1':
    case 'http2':
      memory.remember(name, 'client')
      serveHttp(serving, result.kind)
      return
    case 'tls':
      memory.remember(name, 'client')
      serveOpaque(serving, { protocol: result.kind, serverName: result.hello.serverName })
      return
    case 'silent':
      serveOpaque(serving, { protocol: 'opaque', serverSpokeFirst: () => memory.remember(name, 'server') })
      return
    case 'opaque':
    case 'unknown':
      serveOpaque(serving, { protocol: 'opaque' })
  }
}
