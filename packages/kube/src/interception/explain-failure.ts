import type { ToolFailure } from './apply-redirection.ts'

/** What a person reads: what failed, and what to do. */
export interface FailureText {
  readonly reason: string
  readonly remedy: string
}

const NET_ADMIN_BIT = 12n
const USE_AGENT = 'or let the agent of the node redirect (heddle.dev/interception: node-agent)'

interface Symptom {
  readonly pattern: RegExp
  readonly reason: string
  readonly remedy: string
}

const SYMPTOMS: readonly Symptom[] = [
  {
    pattern: /table does not exist|can't initialize \S+ table|insmod|nf_tables.*not supported|Protocol not supported/i,
    reason: 'the kernel of this node has no nat table',
    remedy: `load the modules nft_chain_nat and nft_redir (or iptable_nat and ip6table_nat) on the node, ${USE_AGENT}`,
  },
  {
    pattern: /no chain\/target\/match|extension \S+ revision|missing kernel module|couldn't load (match|target)/i,
    reason: 'the kernel of this node, or the image, lacks a part of iptables',
    remedy: `load the modules xt_REDIRECT, xt_owner and xt_tcpudp on the node, ${USE_AGENT}`,
  },
  {
    pattern: /xtables lock|resource temporarily unavailable/i,
    reason: 'another program holds the lock of iptables in this pod',
    remedy: 'the next start of this container tries again',
  },
]

/** @param processStatus - text of `/proc/self/status` */
export function explainFailure(failures: readonly ToolFailure[], processStatus: string): FailureText {
  const installed = failures.filter(({ message }) => message !== undefined)
  if (installed.length === 0) {
    return { reason: 'there is no iptables in this image', remedy: 'use the image heddle/proxy of this version' }
  }
  if (!hasNetAdmin(processStatus)) {
    return {
      reason: 'this container has not the capability NET_ADMIN',
      remedy: `allow NET_ADMIN and NET_RAW for init containers of this namespace, ${USE_AGENT}`,
    }
  }
  const said = installed.map(({ message }) => message).join('\n')
  const symptom = SYMPTOMS.find(({ pattern }) => pattern.test(said))
  if (symptom !== undefined) return symptom
  return { reason: 'iptables refused the rules', remedy: `look at what it said, ${USE_AGENT}` }
}

function hasNetAdmin(processStatus: string): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/im.exec(processStatus)?.[1]
  // Where it cannot be told it is not to blame.
  return mask === undefined || ((BigInt(`0x${mask}`) >> NET_ADMIN_BIT) & 1n) === 1n
}
