import { existsSync, readFileSync } from 'node:fs'
import { runTool } from '../process/run-tool.ts'
import { address4, address6, PREFIX4, type Subnet } from './subnet.ts'

/** The bridge that the namespaces of one mesh hang on. */
export interface BridgeOptions {
  readonly name: string
  readonly subnet: Subnet
  readonly hasIpv6: boolean
}

/** Makes the bridge, with the first address of each family. @throws {ToolError} */
export async function addBridge({ name, subnet, hasIpv6 }: BridgeOptions): Promise<void> {
  const lines = [
    `link add ${name} type bridge`,
    `addr add ${address4(subnet, 0)}/${PREFIX4} dev ${name}`,
    // Without duplicate address detection the address is usable at once; nobody else is on this link.
    ...(hasIpv6 ? [`addr add ${address6(subnet, 0)}/64 dev ${name} nodad`] : []),
    `link set ${name} up`,
  ]
  await runBatch(lines)
}

/** Removes the bridge if it is there, and the host's ends of links that hang on it. @throws {ToolError} */
export async function removeBridge(name: string): Promise<void> {
  if (!existsSync(`/sys/class/net/${name}`)) return
  await runTool('ip', ['link', 'delete', name])
}

/** Every range that the host knows a way to: networks there must not be used again. */
export async function takenRanges(): Promise<readonly string[]> {
  const text = await runTool('ip', ['-4', 'route', 'show', 'table', 'all'])
  const words = text.split('\n').map((line) => line.trim().split(/\s+/))
  return words.flatMap((line) => line.filter((word) => /^\d+\.\d+\.\d+\.\d+(\/\d+)?$/.test(word)).slice(0, 1))
}

/** Whether the host has IPv6 switched on. */
export function hostHasIpv6(): boolean {
  return readSetting('/proc/sys/net/ipv6/conf/all/disable_ipv6') === '0'
}

/** Whether the host passes packets on between its networks. Heddle never switches this on by itself. */
export function hostForwards(): boolean {
  return readSetting('/proc/sys/net/ipv4/ip_forward') === '1'
}

function readSetting(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}

/** Runs lines of `ip`, in one process. @throws {ToolError} */
export async function runBatch(lines: readonly string[], namespace?: string): Promise<void> {
  const within = namespace === undefined ? [] : ['-n', namespace]
  await runTool('ip', [...within, '-batch', '-'], `${lines.join('\n')}\n`)
}
