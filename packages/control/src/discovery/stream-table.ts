import { type InstanceRef, instanceKey } from '../model/instance.ts'
import type { DiscoveryStream } from './discovery-stream.ts'

/** Who opens a stream; proven by the certificate of the connection. */
export interface StreamCaller {
  readonly spiffeId: string
  readonly namespace: string
  readonly serviceAccount: string
  /** When the certificate ends; the stream must not outlive it. */
  readonly notAfterMs: number
  /** Cuts the connection of a proxy that does not read any more. */
  cut(): void
}

/** A stream with what is known of its other end. */
export interface OpenStream {
  readonly stream: DiscoveryStream
  readonly caller: StreamCaller
  isDraining: boolean
}

/** The open streams, by name, by instance and by identity. */
export class StreamTable {
  readonly #byId = new Map<string, OpenStream>()
  readonly #byInstance = new Map<string, OpenStream>()
  readonly #countByIdentity = new Map<string, number>()

  get size(): number {
    return this.#byId.size
  }

  /** A copy, so that streams may end while it is walked through. */
  all(): readonly OpenStream[] {
    return [...this.#byId.values()]
  }

  byId(id: string): OpenStream | undefined {
    return this.#byId.get(id)
  }

  /** The newest of an instance. */
  ofInstance(ref: InstanceRef): OpenStream | undefined {
    return this.#byInstance.get(instanceKey(ref))
  }

  countOf(spiffeId: string): number {
    return this.#countByIdentity.get(spiffeId) ?? 0
  }

  add(opened: OpenStream): void {
    const { stream, caller } = opened
    this.#byId.set(stream.id, opened)
    this.#byInstance.set(instanceKey(stream.node), opened)
    this.#countByIdentity.set(caller.spiffeId, this.countOf(caller.spiffeId) + 1)
  }

  /** @returns what was there, or `undefined` when it was removed before */
  remove(id: string): OpenStream | undefined {
    const opened = this.#byId.get(id)
    if (opened === undefined) return undefined
    this.#byId.delete(id)
    const key = instanceKey(opened.stream.node)
    if (this.#byInstance.get(key) === opened) this.#byInstance.delete(key)
    const { spiffeId } = opened.caller
    const left = this.countOf(spiffeId) - 1
    if (left > 0) this.#countByIdentity.set(spiffeId, left)
    if (left <= 0) this.#countByIdentity.delete(spiffeId)
    return opened
  }
}
