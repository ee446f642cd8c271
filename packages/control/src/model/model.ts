import type { Node } from '@heddle/api/discovery'
import type { MeshObject } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import type { Service } from '@heddle/api/kinds/service'
import type { ObjectLookup } from '@heddle/api/kinds/status/object-lookup'
import type { Workload } from '@heddle/api/kinds/workload'
import type { Clock } from '@heddle/base/clock'
import type { ObjectChange } from '../sources/source.ts'
import type { Client } from './client.ts'
import type { Instance, InstanceHealth, InstanceRef, InstanceState, Registration } from './instance.ts'
import { MeshModel } from './mesh-model.ts'
import type { Resolution } from './resolution.ts'
import type { ModelService } from './service-table.ts'

/** What the model needs from outside. */
export interface ModelOptions {
  readonly clock: Clock
  /**
   * `registrations` (the default): proxies register the instances, and Services get virtual addresses here. `source`: the source gives
   * instances and addresses, as a cluster does; a registration is only the stream of an instance.
   */
  readonly instancesFrom?: 'registrations' | 'source'
  /** How long the endpoints of an instance stay after its stream ended, in ms; default 10,000. */
  readonly graceMs?: number
  /** Ends the timers. */
  readonly signal?: AbortSignal
}

/**
 * What changed. Whoever holds a key compares its {@link topicOfKey} with `topics`, and asks again where it is there. Objects that
 * concern no key have no topics, but make a revision.
 */
export interface ModelChange {
  readonly topics: ReadonlySet<string>
}

/** An instance, as the stream of its proxy describes it. */
export interface RegistrationRequest {
  readonly node: Node
  /**
   * Names the stream that speaks for the instance; a later owner replaces an earlier one. Empty: restored after a
   * restart and waiting for its proxy, for as long as whoever restored it likes; refused when an owner is there.
   */
  readonly owner: string
  readonly state: InstanceState
  /** Why it is not ready. */
  readonly reason?: string
}

/** `refused`: nothing was changed. */
export type RegistrationResult = { readonly kind: 'accepted' } | { readonly kind: 'refused'; readonly reason: string }

/** What the proxy of an instance must know of its own workload. */
export interface InboundView {
  /** `undefined`: no Workload object of that name. */
  readonly workload: Workload | undefined
  readonly instance: Instance | undefined
  /** Services that select the instance. */
  readonly services: readonly Service[]
}

/**
 * All that the control plane knows, indexed so that a change touches only what it concerns. Synchronous, one thread.
 */
export interface Model {
  /**
   * Takes over a change of objects whole. The first one should hold the whole configuration: virtual addresses then
   * come out the same after each restart.
   */
  applyObjects(change: ObjectChange): void

  /**
   * Registers an instance, or replaces its registration. One that comes back equal to what is known changes nothing.
   * Refused: what is malformed, of another account than its Workload says, or at an address that a Service or a
   * connected instance has. Where the source gives the instances: what it does not know, or knows with another account.
   */
  applyRegistration(request: RegistrationRequest): RegistrationResult
  /** The stream `owner` ended: the instance stays for the grace, then goes. Nothing happens when another owner has it by now. */
  disconnectRegistration(ref: InstanceRef, owner: string): void
  /**
   * Takes the instance out at once. Nothing happens when another owner has it by now. One that the source gives comes back when the
   * source still gives it after the grace.
   */
  removeRegistration(ref: InstanceRef, owner: string): void
  /**
   * @param owner - the stream that says so; nothing happens when another owner has the instance by now. For an entry of
   *   `spec.addresses`, which has no stream, any.
   */
  setHealth(ref: InstanceRef, owner: string, health: InstanceHealth): void

  /**
   * What `name:SERVICE.NAMESPACE:PORT` or `address:IP:PORT` means now. Never throws.
   *
   * @param client - whose proxy asks; not given: nobody in particular, without routes of its own
   */
  resolve(key: string, client?: Client): Resolution
  /**
   * One that stands for all who are told the same about `key` as `client`: its namespace is empty for all but those which have routes of their own
   * for it, and it has a host only where hosts matter.
   */
  clientsLike(client: Client, key: string): Client
  /** What a proxy is as a client. Where it runs the source says, if it knows the instances, and else the proxy. */
  clientOf(node: Node): Client
  /** How often objects were applied. */
  readonly revision: number
  /** The topics whose keys an object concerns; `undefined`: there is no such object. */
  topicsOf(ref: ObjectRef): ReadonlySet<string> | undefined
  /** What statuses depend on. */
  readonly lookup: ObjectLookup
  inbound(ref: InstanceRef): InboundView

  /** Sorted by namespace and name; `namespace` empty: all. */
  services(namespace: string): readonly ModelService[]
  workloads(namespace: string): readonly Workload[]
  instances(namespace: string): readonly Instance[]
  registrations(): readonly Registration[]
  /** All that were applied, in no order. */
  objects(): readonly MeshObject[]
  object(kind: MeshObject['kind'], namespace: string, name: string): MeshObject | undefined

  /** Calls `listener` after each change, with the model already changed. */
  onChange(listener: (change: ModelChange) => void, signal: AbortSignal): void
}

/** Makes a model that knows of nothing yet. */
export function createModel(options: ModelOptions): Model {
  return new MeshModel(options)
}
