import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { HostPort } from '@heddle/base/host-port'
import { messageOf } from '@heddle/base/message-of'
import { ControlError } from './control-error.ts'

/** All addresses of a name; the resolver of the system unless a test has its own. */
export type ResolveName = (name: string) => Promise<readonly string[]>

/** More are left out: whoever asks has a deadline. */
const MAX_ADDRESSES = 8

/**
 * Where to try, in this order: the name is resolved anew each time, since replicas come and go, and its addresses are
 * shuffled, so that proxies spread over the replicas.
 *
 * @param random - 0 to below 1
 * @throws {ControlError} unreachable: the name has no address
 */
export async function addressesOf(
  { host, port }: HostPort,
  { resolve, random }: { readonly resolve: ResolveName; readonly random: () => number },
): Promise<readonly HostPort[]> {
  if (isIP(host) !== 0) return [{ host, port }]
  try {
    const found = [...new Set(await resolve(host))]
    if (found.length === 0) throw new Error('the name has no address')
    return shuffle(found, random)
      .slice(0, MAX_ADDRESSES)
      .map((address) => ({ host: address, port }))
  } catch (error) {
    const why = messageOf(error)
    throw new ControlError('unreachable', `control plane ${host}:${port}: ${why}`)
  }
}

/** Asks the resolver of the system, both families. */
export async function resolveName(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true })
  return found.map(({ address }) => address)
}

function shuffle(items: string[], random: () => number): string[] {
  for (let at = items.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    const item = items[at]!
    items[at] = items[other]!
    items[other] = item
  }
  return items
}
