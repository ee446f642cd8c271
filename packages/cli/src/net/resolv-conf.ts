import { isLoopback } from '@heddle/base/host-port'

/** What of the host's name resolution helps inside a workload's namespace. */
export interface ResolvConfInput {
  /** `/etc/resolv.conf` of the host. */
  readonly text: string
  /** `/run/systemd/resolve/resolv.conf`, where systemd-resolved keeps the real servers; `undefined` without it. */
  readonly upstreamText: string | undefined
  /** Whether packets leave the mesh's bridge towards other networks. */
  readonly hasEgress: boolean
}

/**
 * `/etc/resolv.conf` of a workload. A server on the host's loopback is out of reach there, and without a way out every
 * server is: resolution of unknown names would hang for seconds, so that no server is named then and it fails at once.
 */
export function formatResolvConf(input: ResolvConfInput): string {
  if (!input.hasEgress) return '# this network has no way to a name server\n'
  const text = hasReachableServer(input.text) ? input.text : (input.upstreamText ?? '')
  return text
    .split('\n')
    .filter((line) => !isLoopbackServer(line))
    .join('\n')
}

function hasReachableServer(text: string): boolean {
  return text.split('\n').some((line) => /^nameserver\s/.test(line) && !isLoopbackServer(line))
}

function isLoopbackServer(line: string): boolean {
  const [, server = ''] = /^nameserver\s+(\S+)/.exec(line) ?? []
  return isLoopback(server)
}
