import { messageOf } from '@heddle/base/message-of'
import { formatRedirectRules } from '@heddle/kube/interception'
import { CliError } from '../cli-error.ts'
import { findTool, runTool } from '../process/run-tool.ts'
import type { Mode } from './site.ts'

/** What the user asked for; `auto` takes transparent where it is possible. */
export type WantedMode = Mode | 'auto'

export const WANTED_MODES: readonly WantedMode[] = ['auto', 'transparent', 'explicit']

/** What is known of the host before anything is tried. */
export interface HostFacts {
  readonly platform: NodeJS.Platform
  /** `undefined` where there are no user ids. */
  readonly uid: number | undefined
  hasTool(name: string): boolean
  /** Makes a network namespace with redirection and removes it. @throws {Error} why it cannot */
  tryNamespace(): Promise<void>
}

export interface ChosenMode {
  readonly mode: Mode
  /** Why `auto` did not take transparent. */
  readonly reason?: string
}

/** @throws {CliError} when transparent is asked for and impossible */
export async function chooseMode(wanted: WantedMode, host: HostFacts): Promise<ChosenMode> {
  if (wanted === 'explicit') return { mode: 'explicit' }
  const obstacle = await findObstacle(host)
  if (obstacle === undefined) return { mode: 'transparent' }
  if (wanted === 'auto') return { mode: 'explicit', reason: obstacle.reason }
  throw new CliError(`transparent mode is not possible: ${obstacle.reason}`, {
    hints: [obstacle.remedy, 'or use --mode explicit, which needs no rights'],
  })
}

interface Obstacle {
  readonly reason: string
  readonly remedy: string
}

const TOOLS: readonly { readonly tool: string; readonly from: string }[] = [
  { tool: 'ip', from: 'iproute2' },
  { tool: 'iptables-restore', from: 'iptables' },
  { tool: 'iptables', from: 'iptables' },
  { tool: 'setpriv', from: 'util-linux' },
]

async function findObstacle(host: HostFacts): Promise<Obstacle | undefined> {
  if (host.platform !== 'linux') return { reason: 'it needs Linux', remedy: 'run it on Linux' }
  if (host.uid !== 0) return { reason: 'it needs root', remedy: 'run it as root' }
  const missing = TOOLS.find(({ tool }) => !host.hasTool(tool))
  if (missing !== undefined) {
    return { reason: `${missing.tool} is not installed`, remedy: `install the package ${missing.from}` }
  }
  try {
    await host.tryNamespace()
    return undefined
  } catch (error) {
    const remedy = 'in a container, give it the capabilities NET_ADMIN and SYS_ADMIN'
    return { reason: messageOf(error), remedy }
  }
}

/** The host this process runs on. */
export function thisHost(): HostFacts {
  return {
    platform: process.platform,
    uid: process.getuid?.(),
    hasTool: (name) => findTool(name) !== undefined,
    tryNamespace,
  }
}

async function tryNamespace(): Promise<void> {
  const name = `heddle-probe-${process.pid}`
  const rules = formatRedirectRules({ family: 'ipv4', proxyUid: 1, outboundPort: 1, inboundPort: 2 })
  await runTool('ip', ['netns', 'add', name])
  try {
    await runTool('ip', ['netns', 'exec', name, 'iptables-restore', '--noflush'], rules)
  } finally {
    await runTool('ip', ['netns', 'delete', name])
  }
}
