import type { InboundJson } from '@heddle/api/discovery'
import type { AppProtocol, InboundPolicy } from '../workload.ts'
import { toAppProtocol } from './destination-json.ts'

/** What the control plane says of the own workload's ports. */
export class InboundPorts implements InboundPolicy {
  #protocols: ReadonlyMap<number, AppProtocol> = new Map()

  protocolOf(port: number): AppProtocol {
    return this.#protocols.get(port) ?? 'detect'
  }

  replace(inbound: InboundJson): void {
    this.#protocols = new Map((inbound.ports ?? []).map(({ port = 0, protocol }) => [port, toAppProtocol(protocol)]))
  }

  list(): Iterable<readonly [number, AppProtocol]> {
    return this.#protocols
  }
}
