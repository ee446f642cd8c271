import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** What a test may need of the machine. */
export type Requirement =
  | ('root' | 'tcpdump' | 'iptables' | 'ip' | 'curl' | 'nghttp' | 'h2load')
  | ('nsenter' | 'unshare' | 'openssl' | 'containerd' | 'runc' | 'conntrack' | 'IPv6')

/**
 * Whether a test that needs `requirements` can run. In CI (`CI=true`) a missing one is an error; elsewhere it is said on
 * standard error why the test is skipped.
 */
export function canRun(...requirements: readonly Requirement[]): boolean {
  const missing = missingOf(requirements)
  if (missing.length === 0) return true
  const reason = `needs ${missing.join(', ')}`
  if (process.env.CI === 'true') throw new Error(`CI lacks what an end-to-end test needs: ${missing.join(', ')}`)
  process.stderr.write(`skipped: ${reason}\n`)
  return false
}

/** Those of `requirements` that the machine does not meet. */
export function missingOf(requirements: readonly Requirement[]): readonly Requirement[] {
  return requirements.filter((requirement) => !has(requirement))
}

function has(requirement: Requirement): boolean {
  if (requirement === 'root') return process.getuid?.() === 0
  if (requirement === 'IPv6') return existsSync('/proc/net/if_inet6')
  try {
    execFileSync('sh', ['-c', `PATH="$PATH:/usr/sbin:/sbin" command -v ${requirement}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
