import { PROXY_PORTS } from '@heddle/api/proxy-ports'
import { podSkipRules } from './pod-redirection.ts'
import { type Family, formatRedirectRules, REDIRECT_CHAINS, type SkipRules } from './redirect-rules.ts'
import type { RunProgram } from './run-program.ts'

/** What is to be in force in this network namespace. */
export interface Redirection {
  readonly family: Family
  readonly proxyUid: number
  readonly skip: SkipRules
  /** Text of `/proc/net/ip_tables_names`, or of `ip6_tables_names`: tables of the kernel's older interface that are there already. */
  readonly legacyTables: string
}

/** Which tool did it, or what each of them said. */
export type Applied =
  | { readonly kind: 'applied'; readonly tool: string }
  | { readonly kind: 'failed'; readonly failures: readonly ToolFailure[] }

/** Why a tool could not do it. */
export interface ToolFailure {
  readonly tool: string
  /** `undefined`: it is not installed. */
  readonly message: string | undefined
}

const LOCK_SECONDS = 10

/**
 * Puts the rules in force, by the first variant of iptables that can. What is there already is made anew, by the variant that made it, so
 * that the rules are never in two tables and it may be done again.
 */
export function applyRedirection(redirection: Redirection, run: RunProgram): Applied {
  const failures: ToolFailure[] = []
  for (const tool of toolsFor(redirection, run)) {
    const state = readState(tool, run)
    const message = state.isInstalled ? restore(state, redirection, run) : undefined
    if (state.isInstalled && message === undefined) return { kind: 'applied', tool }
    failures.push({ tool, message })
  }
  return { kind: 'failed', failures }
}

/** The kernel's present interface first; what the image calls by the plain name is the last resort. */
function toolsFor({ family, legacyTables }: Redirection, run: RunProgram): readonly string[] {
  const prefix = family === 'ipv4' ? 'iptables' : 'ip6tables'
  const [nft, legacy] = [`${prefix}-nft`, `${prefix}-legacy`]
  // Only to ask for a table of the older interface makes it.
  const isThere = /^nat$/m.test(legacyTables) && readState(legacy, run).joined.length > 0
  return isThere ? [legacy, nft, prefix] : [nft, legacy, prefix]
}

interface ToolState {
  readonly tool: string
  readonly isInstalled: boolean
  /** Chains of the kernel that lead to ours. */
  readonly joined: readonly (keyof typeof REDIRECT_CHAINS)[]
}

function readState(tool: string, run: RunProgram): ToolState {
  const { status, stdout } = run(`${tool}-save`, ['-t', 'nat'])
  const joined = (['PREROUTING', 'OUTPUT'] as const).filter((chain) => {
    return new RegExp(`^-A ${chain} .*-j ${REDIRECT_CHAINS[chain]}$`, 'm').test(stdout)
  })
  return { tool, isInstalled: status !== undefined, joined }
}

/** @returns what was said when it failed */
function restore({ tool, joined }: ToolState, redirection: Redirection, run: RunProgram): string | undefined {
  const rules = formatRedirectRules({
    ...redirection,
    skip: podSkipRules(redirection.skip),
    outboundPort: PROXY_PORTS.outbound,
    inboundPort: PROXY_PORTS.inbound,
    joined,
  })
  const restored = run(`${tool}-restore`, ['--noflush', `--wait=${LOCK_SECONDS}`], rules)
  if (restored.status !== 0) return sayings(restored.stderr) || `${tool}-restore failed`
  const { joined: now } = readState(tool, run)
  return now.length === 2 ? undefined : `the rules are not in force although ${tool}-restore said nothing`
}

function sayings(stderr: string): string {
  return stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .join('; ')
}
