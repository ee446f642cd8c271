import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { codeOf } from '@heddle/base/code-of'
import { formatHostPort, type HostPort } from '@heddle/base/host-port'
import { messageOf } from '@heddle/base/message-of'

/** The address cannot be listened on. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** What a kernel that was started without IPv6 says of its addresses. */
const NO_IPV6: ReadonlySet<string | undefined> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])

/**
 * Makes a server listen. `::` is both families; where the kernel has no IPv6, IPv4's alone.
 *
 * @returns where it really listens
 * @throws {ListenError} when the address is taken or not allowed
 */
export async function bindServer(server: Server, address: HostPort): Promise<HostPort> {
  const { host, port } = address
  try {
    server.listen({ host, port })
    await once(server, 'listening')
    return { host, port: (server.address() as AddressInfo).port }
  } catch (error) {
    if (host === '::' && NO_IPV6.has(codeOf(error))) {
      return await bindServer(server, { host: '0.0.0.0', port })
    }
    throw new ListenError(`cannot listen on ${formatHostPort(address)}: ${messageOf(error)}`, { cause: error })
  }
}
