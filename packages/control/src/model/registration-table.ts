import type { Node } from '@heddle/api/discovery'
import { canonicalIp } from '@heddle/api/kinds/ip-address'
import type { Clock, Timer } from '@heddle/base/clock'
import { checkRegistration } from './check-registration.ts'
import { type InstanceHealth, type InstanceRef, instanceKey, type Registration } from './instance.ts'
import type { RegistrationRequest, RegistrationResult } from './model.ts'

export interface RegistrationTableOptions {
  readonly clock: Clock
  readonly graceMs: number
  readonly signal: AbortSignal | undefined
  /** Why a node may not register, for reasons that lie outside of this table. */
  readonly refuse: (node: Node) => string | undefined
  /** Called for each instance whose registration is different now. */
  readonly changed: (key: string, registration: Registration | undefined) => void
}

interface Held {
  registration: Registration
  grace: Timer | undefined
}

/** Who is registered, by which stream, and for how long after its end. */
export class RegistrationTable {
  readonly #options: RegistrationTableOptions
  readonly #held = new Map<string, Held>()
  /** By address and port: which instance others are sent to. */
  readonly #holders = new Map<string, string>()

  constructor(options: RegistrationTableOptions) {
    this.#options = options
    const cancelAll = () => {
      for (const held of this.#held.values()) held.grace?.cancel()
    }
    options.signal?.addEventListener('abort', cancelAll, { once: true })
  }

  all(): Registration[] {
    return [...this.#held.values()].map((held) => held.registration)
  }

  has(key: string): boolean {
    return this.#held.has(key)
  }

  apply({ node, owner, state, reason = '' }: RegistrationRequest): RegistrationResult {
    const key = instanceKey(node)
    const refused =
      checkRegistration(node) ??
      this.#options.refuse(node) ??
      this.#refuseOwner(key, owner) ??
      this.#refuseAddress(key, node)
    if (refused !== undefined) return { kind: 'refused', reason: refused }
    for (const other of this.#holdersOf(node)) if (other !== key) this.#drop(other)
    this.#set(key, { node, owner, state, reason })
    return { kind: 'accepted' }
  }

  disconnect(ref: InstanceRef, owner: string): void {
    const key = instanceKey(ref)
    const held = this.#held.get(key)
    if (held === undefined || held.registration.owner !== owner || owner === '') return
    held.registration = { ...held.registration, owner: '' }
    held.grace = this.#options.clock.after(this.#options.graceMs, () => this.#drop(key))
  }

  remove(ref: InstanceRef, owner: string): void {
    const key = instanceKey(ref)
    if (this.#held.get(key)?.registration.owner === owner) this.#drop(key)
  }

  setHealth(ref: InstanceRef, owner: string, { state, reason }: InstanceHealth): void {
    const key = instanceKey(ref)
    const held = this.#held.get(key)
    if (held === undefined || held.registration.owner !== owner) return
    held.registration = { ...held.registration, state, reason }
    this.#options.changed(key, held.registration)
  }

  #set(key: string, registration: Registration): void {
    const held = this.#held.get(key)
    held?.grace?.cancel()
    if (held !== undefined) this.#forgetAddresses(key, held.registration.node)
    this.#held.set(key, { registration, grace: undefined })
    for (const address of placesOf(registration.node)) this.#holders.set(address, key)
    this.#options.changed(key, registration)
  }

  #drop(key: string): void {
    const held = this.#held.get(key)
    if (held === undefined) return
    held.grace?.cancel()
    this.#held.delete(key)
    this.#forgetAddresses(key, held.registration.node)
    this.#options.changed(key, undefined)
  }

  #forgetAddresses(key: string, node: Node): void {
    for (const address of placesOf(node)) if (this.#holders.get(address) === key) this.#holders.delete(address)
  }

  /** Who comes back from a file must not push out who is there. */
  #refuseOwner(key: string, owner: string): string | undefined {
    const present = this.#held.get(key)?.registration.owner ?? ''
    return owner === '' && present !== '' ? `${key} is connected` : undefined
  }

  /** An instance whose stream has ended gives its address up to the next one; one with a stream does not. */
  #refuseAddress(key: string, node: Node): string | undefined {
    for (const address of placesOf(node)) {
      const holder = this.#holders.get(address)
      if (holder === undefined || holder === key) continue
      if (this.#held.get(holder)?.registration.owner !== '') return `${address} is in use by the instance ${holder}`
    }
    return undefined
  }

  #holdersOf(node: Node): Set<string> {
    return new Set(placesOf(node).flatMap((address) => this.#holders.get(address) ?? []))
  }
}

function placesOf(node: Node): string[] {
  return node.ports.map(({ address, addressPort }) => `${canonicalIp(address) ?? address} port ${addressPort}`)
}
