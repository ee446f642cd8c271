import { existsSync } from 'node:fs'
import { mkdir, open, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROXY_PORTS } from '@heddle/api/proxy-ports'
import { codeOf } from '@heddle/base/code-of'
import { isRunning, startTimeOf } from '@heddle/base/process-start'
import { formatRedirectRules } from '@heddle/kube/interception'
import { runTool } from '../process/run-tool.ts'
import { runBatch } from './bridge.ts'
import { address4, address6, PREFIX4, type Subnet } from './subnet.ts'

const NETNS_ETC = '/etc/netns'
const CLAIM_TRIES = 5

/** A workload's network namespace. */
export interface NamespaceOptions {
  readonly name: string
  readonly bridge: string
  /** Name of the host's end of the link, at most 15 characters. */
  readonly link: string
  readonly subnet: Subnet
  /** Number of the instance: its address. */
  readonly number: number
  readonly hasIpv6: boolean
  readonly proxyUid: number
  readonly files: NamespaceFiles
}

/** What `ip netns exec` shows in place of the host's files. */
export interface NamespaceFiles {
  readonly hosts: string
  readonly resolvConf: string
}

/**
 * Reserves the name of a namespace; {@link removeNamespace} gives it back.
 *
 * @returns whether it was free
 */
export async function claimNamespace(name: string): Promise<boolean> {
  if (existsSync(`/run/netns/${name}`)) return false
  for (let turn = 1; ; turn++) {
    await mkdir(NETNS_ETC, { recursive: true })
    try {
      await mkdir(join(NETNS_ETC, name))
      return true
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      // Another mesh has removed the folder around it in between, since it was empty.
      if (codeOf(error) !== 'ENOENT' || turn === CLAIM_TRIES) throw error
    }
  }
}

/**
 * Makes a claimed namespace on the bridge with redirection in force. Nothing runs in it before the rules are there.
 *
 * @throws {ToolError}; what was made until then is to be removed by {@link removeNamespace}
 */
export async function addNamespace(options: NamespaceOptions): Promise<void> {
  const { name, link, bridge, files } = options
  await writeNamespaceFiles(name, files)
  await runTool('ip', ['netns', 'add', name])
  await runBatch([
    `link add ${link} type veth peer name eth0 netns ${name}`,
    `link set ${link} master ${bridge}`,
    `link set ${link} up`,
  ])
  await redirect(options)
  await runBatch(insideLines(options), name)
}

function insideLines({ subnet, number, hasIpv6 }: NamespaceOptions): string[] {
  const lines = [
    'link set lo up',
    `addr add ${address4(subnet, number)}/${PREFIX4} dev eth0`,
    ...(hasIpv6 ? [`addr add ${address6(subnet, number)}/64 dev eth0 nodad`] : []),
    'link set eth0 up',
    `route add default via ${address4(subnet, 0)}`,
  ]
  return hasIpv6 ? [...lines, `route add default via ${address6(subnet, 0)} dev eth0`] : lines
}

async function redirect({ name, proxyUid, hasIpv6 }: NamespaceOptions): Promise<void> {
  const ports = { proxyUid, outboundPort: PROXY_PORTS.outbound, inboundPort: PROXY_PORTS.inbound }
  const restore = (tool: string, family: 'ipv4' | 'ipv6') =>
    runTool('ip', ['netns', 'exec', name, tool, '--noflush'], formatRedirectRules({ ...ports, family }))
  await restore('iptables-restore', 'ipv4')
  if (hasIpv6) await restore('ip6tables-restore', 'ipv6')
}

async function writeNamespaceFiles(name: string, files: NamespaceFiles): Promise<void> {
  const directory = join(NETNS_ETC, name)
  await writeFile(join(directory, 'hosts'), files.hosts)
  await writeFile(join(directory, 'resolv.conf'), files.resolvConf)
}

/**
 * Replaces the hosts file of a namespace in place: processes see the file itself (it is mounted over /etc/hosts), so a new
 * one beside it would go unseen. One write of all, then the cut: a reader in between sees at most old lines at the end.
 */
export async function updateHosts(name: string, hosts: string): Promise<void> {
  await using file = await open(join(NETNS_ETC, name, 'hosts'), 'r+')
  const bytes = Buffer.from(hosts)
  await file.write(bytes, 0, bytes.length, 0)
  await file.truncate(bytes.length)
}

export interface NamespaceRef {
  readonly name: string
  readonly link: string
}

/** Removes a namespace with everything that still runs in it, its link and its files. Bears being called for parts. */
export async function removeNamespace({ name, link }: NamespaceRef): Promise<void> {
  await killWithin(name)
  if (existsSync(`/run/netns/${name}`)) await runTool('ip', ['netns', 'delete', name])
  // The kernel takes namespaces apart in the background; removing the link by name makes it gone when we say so.
  if (existsSync(`/sys/class/net/${link}`)) await ignoreMissing(runTool('ip', ['link', 'delete', link]))
  await rm(join(NETNS_ETC, name), { recursive: true, force: true })
  await rmdir(NETNS_ETC).catch(() => {})
}

async function killWithin(name: string): Promise<void> {
  if (!existsSync(`/run/netns/${name}`)) return
  for (let turn = 0; turn < 3; turn++) {
    const pids = (await runTool('ip', ['netns', 'pids', name])).split('\n').filter((pid) => pid !== '')
    const found = pids.map((pid) => ({ pid: Number(pid), startTime: startTimeOf(Number(pid)) ?? '' }))
    const alive = found.filter((one) => isRunning(one))
    if (alive.length === 0) return
    for (const { pid } of alive) kill(pid)
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error
  }
}

async function ignoreMissing(removal: Promise<string>): Promise<void> {
  await removal.catch((error: Error) => {
    if (!/cannot find device|no such device/i.test(error.message)) throw error
  })
}
