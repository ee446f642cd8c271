import { type HostPort, parseIpPort } from '@heddle/base/host-port'
import type { ServiceName } from './target.ts'

/**
 * What is counted under a key: the Service that it names; of an address only its port. Who wrote the key has read it before (`parseKey` of
 * `api`, or the file of a static proxy, whose keys have port 0), so nothing is refused here.
 */
export function serviceOfKey(key: string): ServiceName {
  const match = /^name:([^.]*)\.([^:]*):(\d+)$/.exec(key)
  if (match === null) return unnamed(Number(key.slice(key.lastIndexOf(':') + 1)))
  return { namespace: match[2]!, name: match[1]!, port: Number(match[3]) }
}

/** What is addressed without a name. */
export function unnamed(port: number): ServiceName {
  return { namespace: '', name: '', port }
}

/** Where `address:IP:PORT` is. @throws {RangeError} when it names a Service */
export function addressOfKey(key: string): HostPort {
  return parseIpPort(key.slice(ADDRESS.length))
}

const ADDRESS = 'address:'
