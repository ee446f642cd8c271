import { podSkipRules, REDIRECT_PORTS } from './pod-redirection.ts'
import { type Family, formatRedirectRules, REDIRECT_CHAINS, type SkipRules } from './redirect-rules.ts'
import type { RunProgram } from './run-program.ts'

/** What is to be in force in this network namespace. */
export interface Redirection {
  readonly family: Family
  readonly proxyUid: number
  readonly skip: SkipRules
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

/** Variants of the tool, the kernel's present interface first; what the image calls by the plain name is the last resort. */
const VARIANTS = ['-nft', '-legacy', ''] as const
const LOCK_SECONDS = 10

/**
 * Puts the rules in force, by the first variant of iptables that can: one in whose tables they are already goes first, so that they are
 * never in two. What is there already is made anew, so that it may be done again.
 */
export function applyRedirection(redirection: Redirection, run: RunProgram): Applied {
  const prefix = redirection.family === 'ipv4' ? 'iptables' : 'ip6tables'
  const states = VARIANTS.map((variant) => readState(`${prefix}${variant}`, run))
  const inOrder = states.toSorted((a, b) => Number(b.joined.length > 0) - Number(a.joined.length > 0))
  const failures: ToolFailure[] = []
  for (const state of inOrder) {
    const message = state.isInstalled ? restore(state, redirection, run) : undefined
    if (state.isInstalled && message === undefined) return { kind: 'applied', tool: state.tool }
    failures.push({ tool: state.tool, message })
  }
  return { kind: 'failed', failures }
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
    outboundPort: REDIRECT_PORTS.outbound,
    inboundPort: REDIRECT_PORTS.inbound,
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
