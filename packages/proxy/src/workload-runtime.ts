import { ProtocolMemory } from './accept/protocol-memory.ts'
import { TlsTerminator } from './accept/terminate-tls.ts'
import type { Filter } from './filters/filter.ts'
import { createFilters } from './filters/order.ts'
import type { AccessLog, ServedWorkload } from './listener-config.ts'
import type { ProxyCore } from './proxy-core.ts'
import { ClientTls } from './upstream/client-tls.ts'
import { Upstreams } from './upstream/upstreams.ts'
import type { WorkloadContext } from './workload.ts'

const NOWHERE = { region: '', zone: '' } as const

/** What the data path keeps for one workload beside its context. */
export interface WorkloadRuntime {
  readonly core: ProxyCore
  readonly context: WorkloadContext
  readonly plainInbound: 'permit' | 'refuse'
  readonly filters: readonly Filter[]
  readonly accessLog: AccessLog
  readonly upstreams: Upstreams
  readonly terminator: TlsTerminator
  readonly memory: ProtocolMemory
}

/** Everything of `workload` that goes on until `signal` is aborted. */
export function createWorkloadRuntime(workload: ServedWorkload, core: ProxyCore, signal: AbortSignal): WorkloadRuntime {
  const { context, meshVersion = 'http2' } = workload
  const nowMs = () => context.clock.nowMs()
  const clientTls = new ClientTls(context.identity, nowMs, signal)
  // Twice the limit: the connection's own deadline comes first, this one only where that is lost.
  const handshakeMs = core.limits.handshakeMs * 2
  const { traffic, locality: here = NOWHERE } = context
  const upstreams = new Upstreams({ tls: clientTls, traffic, meshVersion, here }, core)
  // Many requests share a connection, which might go on for ever: so whom it reaches is verified anew now and then.
  context.identity.onRotate(() => upstreams.renew(), signal)
  return {
    core,
    context,
    plainInbound: workload.plainInbound ?? 'permit',
    filters: createFilters(workload, context.log),
    accessLog: workload.accessLog ?? 'failures',
    upstreams,
    terminator: new TlsTerminator({ identity: context.identity, handshakeMs, nowMs }, signal),
    memory: new ProtocolMemory(core.clock),
  }
}
