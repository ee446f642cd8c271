import { messageOf } from '@heddle/base/message-of'
import { runTool } from '../process/run-tool.ts'

/** A rule of the host's own tables that the mesh adds and takes back. */
export interface HostRule {
  readonly tool: 'iptables' | 'ip6tables'
  readonly table: 'filter' | 'nat'
  readonly chain: string
  /** Match and target. */
  readonly rule: readonly string[]
}

export interface HostRulesOptions {
  readonly bridge: string
  readonly controlPort: number
  /** IPv4 network of the mesh. */
  readonly cidr: string
  readonly hasIpv6: boolean
  /** The host forwards packets between its networks already: then workloads may reach the outside. */
  readonly hasEgress: boolean
}

/**
 * Rules that keep a firewall of the host from coming between workloads: with br_netfilter, bridged packets pass FORWARD,
 * whose policy is DROP where a container engine is installed; and INPUT may be closed to the control plane's port.
 */
export function hostRules(options: HostRulesOptions): readonly HostRule[] {
  const { bridge, controlPort, cidr, hasIpv6, hasEgress } = options
  const within = ['-i', bridge, '-o', bridge, '-j', 'ACCEPT']
  const rules: HostRule[] = [
    { tool: 'iptables', table: 'filter', chain: 'FORWARD', rule: within },
    {
      tool: 'iptables',
      table: 'filter',
      chain: 'INPUT',
      rule: ['-i', bridge, '-p', 'tcp', '--dport', String(controlPort), '-j', 'ACCEPT'],
    },
  ]
  if (hasIpv6) rules.push({ tool: 'ip6tables', table: 'filter', chain: 'FORWARD', rule: within })
  if (!hasEgress) return rules
  const established = ['-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED']
  return [
    ...rules,
    { tool: 'iptables', table: 'filter', chain: 'FORWARD', rule: ['-i', bridge, '!', '-o', bridge, '-j', 'ACCEPT'] },
    { tool: 'iptables', table: 'filter', chain: 'FORWARD', rule: ['-o', bridge, ...established, '-j', 'ACCEPT'] },
    { tool: 'iptables', table: 'nat', chain: 'POSTROUTING', rule: ['-s', cidr, '!', '-o', bridge, '-j', 'MASQUERADE'] },
  ]
}

/** Puts the rules before all others of their chains. @throws {ToolError} */
export async function addHostRules(rules: readonly HostRule[]): Promise<void> {
  for (const { tool, table, chain, rule } of rules) {
    await addRule({ tool, table, chain, rule })
  }
}

async function addRule({ tool, table, chain, rule }: HostRule): Promise<void> {
  for (let turn = 1; ; turn++) {
    try {
      await runTool(tool, ['-w', '10', '-t', table, '-I', chain, ...rule])
      return
    } catch (error) {
      if (turn === TRIES) throw error
    }
  }
}

/** Takes the rules back; those that are gone already are no problem. Gives the problems there were. */
export async function removeHostRules(rules: readonly HostRule[]): Promise<readonly string[]> {
  const problems: string[] = []
  for (const rule of rules) {
    try {
      await removeRule(rule)
    } catch (error) {
      problems.push(messageOf(error))
    }
  }
  return problems
}

const TRIES = 5

/** Two programs that change the tables at the same moment make one of them fail for no lasting reason. */
async function removeRule({ tool, table, chain, rule }: HostRule): Promise<void> {
  for (let turn = 1; ; turn++) {
    try {
      await runTool(tool, ['-w', '10', '-t', table, '-D', chain, ...rule])
      return
    } catch (error) {
      if (isGone(error)) return
      if (turn === TRIES) throw error
    }
  }
}

/** iptables says "does a matching rule exist", or that a name in the rule does not. */
function isGone(error: unknown): boolean {
  return /matching rule exist|does not exist|No chain/i.test(messageOf(error))
}
