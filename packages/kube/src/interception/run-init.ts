import { PROXY_PORTS } from '@heddle/api/proxy-ports'
import type { Clock } from '@heddle/base/clock'
import { applyRedirection } from './apply-redirection.ts'
import { awaitEnd } from './await-end.ts'
import { awaitReady } from './await-ready.ts'
import { checkRedirection } from './check-redirection.ts'
import { explainFailure } from './explain-failure.ts'
import { countForeignSockets } from './foreign-sockets.ts'
import type { InitCommand } from './init-command.ts'
import { hasIpv4Routes, readIpv6State } from './own-families.ts'
import type { Family } from './redirect-rules.ts'
import type { RunProgram } from './run-program.ts'

/** What the init program touches; handed in, so that tests replace it. */
export interface InitWorld {
  readonly run: RunProgram
  /** Text of a file; `undefined` where there is none. */
  readFile(path: string): string | undefined
  readonly uid: number
  readonly clock: Clock
  /** One line for whoever reads the container's log. */
  say(line: string): void
}

/** Longer than an agent takes that is well; then the kubelet starts the container again, which shows. */
const CHECK_MS = 30_000

/** @returns the exit status */
export async function runInit(command: InitCommand, world: InitWorld): Promise<number> {
  switch (command.kind) {
    case 'redirect':
      return redirect(command, world)
    case 'check':
      return await check(command, world)
    case 'await-ready': {
      const isReady = await awaitReady({ ...command, port: PROXY_PORTS.probe, clock: world.clock })
      if (!isReady)
        world.say(`the proxy was not ready within ${command.withinMs / 1000} s: see the log of heddle-proxy`)
      return isReady ? 0 : 1
    }
    case 'await-end':
      await awaitEnd({ ...command, countSockets: () => countSockets(world), clock: world.clock })
      return 0
  }
}

/** A family that leads nowhere, as IPv6 with link-local addresses only, carries nothing of a pod: there it is tried, and may fail. */
function redirect({ proxyUid, skip }: Extract<InitCommand, { readonly kind: 'redirect' }>, world: InitWorld): number {
  const done: string[] = []
  for (const { family, isNeeded } of familiesOf(world)) {
    const legacyTables = world.readFile(LEGACY_TABLES[family]) ?? ''
    const applied = applyRedirection({ family, proxyUid, skip, legacyTables }, world.run)
    if (applied.kind === 'applied') done.push(`${NAMES[family]} by ${applied.tool}`)
    else if (isNeeded) {
      const { reason, remedy } = explainFailure(applied.failures, world.readFile('/proc/self/status') ?? '')
      for (const { tool, message } of applied.failures) world.say(`${tool}: ${message ?? 'is not in this image'}`)
      world.say(`error: ${NAMES[family]} cannot be redirected: ${reason}`)
      world.say(`  ${remedy}`)
      return 1
    }
  }
  world.say(`connections are redirected to the proxy: ${done.join(', ')}`)
  return 0
}

const LEGACY_TABLES: Readonly<Record<Family, string>> = {
  ipv4: '/proc/net/ip_tables_names',
  ipv6: '/proc/net/ip6_tables_names',
}

const NAMES: Readonly<Record<Family, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' }

interface OwnFamily {
  readonly family: Family
  readonly isNeeded: boolean
}

/** The file of IPv4's routes has those of one table only: where IPv6 leads nowhere either, there are others, or there is nothing to lose. */
function familiesOf(world: InitWorld): readonly OwnFamily[] {
  const ipv6 = readIpv6State(world.readFile('/proc/net/if_inet6'))
  const isIpv4Needed = ipv6 !== 'global' || hasIpv4Routes(world.readFile('/proc/net/route'))
  const ipv4: OwnFamily = { family: 'ipv4', isNeeded: isIpv4Needed }
  return ipv6 === 'none' ? [ipv4] : [ipv4, { family: 'ipv6', isNeeded: ipv6 === 'global' }]
}

async function check(
  { skipSubnets }: Extract<InitCommand, { readonly kind: 'check' }>,
  world: InitWorld,
): Promise<number> {
  for (const { family } of familiesOf(world).filter(({ isNeeded }) => isNeeded)) {
    const state = await checkRedirection({
      family,
      outboundPort: PROXY_PORTS.outbound,
      skipSubnets,
      withinMs: CHECK_MS,
      clock: world.clock,
    })
    if (state === 'not-redirected') {
      world.say(`error: ${NAMES[family]} connections of this pod are not redirected to the proxy`)
      world.say(
        '  is the node agent (heddle install-node-agent) on this node? its log says more; this container tries again',
      )
      return 1
    }
    world.say(
      `${NAMES[family]}: ${state === 'redirected' ? 'redirected to the proxy' : 'not tried, its address is skipped'}`,
    )
  }
  return 0
}

function countSockets({ readFile, uid }: InitWorld): number {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path) ?? '')
  return tables.reduce((sum, table) => sum + countForeignSockets(table, uid), 0)
}
