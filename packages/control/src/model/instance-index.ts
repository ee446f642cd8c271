import { LabelIndex } from '@heddle/api/kinds/label-index'
import { SetsByKey } from '@heddle/base/sets-by-key'
import type { Instance, InstancePort } from './instance.ts'
import { wholePort } from './target-port.ts'

/** What is at an address. */
export interface InstanceAt {
  readonly instance: Instance
  readonly port: InstancePort
}

/** The instances there are, by key, by label and by address. */
export class InstanceIndex {
  readonly byLabel = new LabelIndex<Instance>((instance) => instance)
  readonly #byKey = new Map<string, Instance>()
  /** By address alone: there are few instances at one. */
  readonly #byAddress = new SetsByKey<string>()

  get(key: string): Instance | undefined {
    return this.#byKey.get(key)
  }

  all(): Iterable<Instance> {
    return this.#byKey.values()
  }

  /**
   * The instance that others reach at `address` and `port`, and its port: one that goes, whose address may be another's already, comes
   * behind one that stays; then one with a proxy goes before one without. Of equals, as two that are listed there, which no set of
   * files may have, the first by name.
   *
   * @param goesFirst - whether an instance goes before those that are not so, in whatever state it is
   */
  at(address: string, port: number, goesFirst: (key: string) => boolean): InstanceAt | undefined {
    let best: InstanceAt | undefined
    let bestRank = Number.POSITIVE_INFINITY
    for (const key of [...this.#byAddress.get(address)].sort()) {
      const found = portAt(this.#byKey.get(key)!, address, port)
      if (found === undefined) continue
      const rank = rankOf(found) + (goesFirst(key) ? 0 : WORST_RANK + 1)
      if (rank >= bestRank) continue
      best = found
      bestRank = rank
    }
    return best
  }

  /** Puts `after` in the place of what is there. */
  replace(key: string, after: Instance | undefined): void {
    const before = this.#byKey.get(key)
    if (before !== undefined) {
      this.#byKey.delete(key)
      this.byLabel.remove(before)
      for (const address of addressesOf(before)) this.#byAddress.remove(address, key)
    }
    if (after === undefined) return
    this.#byKey.set(key, after)
    this.byLabel.add(after)
    for (const address of addressesOf(after)) this.#byAddress.add(address, key)
  }
}

/** The highest that {@link rankOf} gives. */
const WORST_RANK = 3

function rankOf({ instance: { state, meshed } }: InstanceAt): number {
  return (state === 'draining' ? 2 : 0) + (meshed ? 0 : 1)
}

function portAt(instance: Instance, address: string, number: number): InstanceAt | undefined {
  if (instance.wholeAddresses.includes(address)) return { instance, port: wholePort(instance, address, number) }
  const port = instance.ports.find((one) => one.address === address && one.addressPort === number)
  return port && { instance, port }
}

/** Addresses at which an instance is found. */
export function addressesOf({ ports, wholeAddresses, sharesAddress }: Instance): ReadonlySet<string> {
  if (sharesAddress === true) return NOWHERE
  return new Set([...ports.map(({ address }) => address), ...wholeAddresses])
}

const NOWHERE: ReadonlySet<string> = new Set()
