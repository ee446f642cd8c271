import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ask, findFault } from './ask.ts'
import type { TlsPair } from './certificates.ts'
import type { InstalledPeer } from './peers/all.ts'
import type { Hop } from './peers/peer.ts'
import { type Child, findFreePorts, startChild } from './process/child.ts'
import type { ProxyName, Scenario } from './scenarios.ts'

/** The proxies of one peer between client and origin, started. */
export interface Station extends AsyncDisposable {
  readonly name: ProxyName
  readonly isCompiledAsItRuns: boolean
  /** Where the client connects. */
  readonly port: number
  readonly pids: readonly number[]
  /** From the origin towards the client. */
  readonly hops: readonly StartedHop[]
}

/** One of its proxies. */
export interface StartedHop {
  readonly role: Hop['role']
  readonly port: number
  readonly pid: number
}

/** What a station is built from. */
export interface StationPlan {
  readonly scenario: Pick<Scenario, 'name' | 'topology' | 'protocol' | 'hopProtocol' | 'exchange' | 'attached'>
  readonly originPorts: readonly number[]
  readonly tls: TlsPair
  /** A folder of its own. */
  readonly directory: string
  /** The one CPU for all of its proxies; anywhere when undefined. */
  readonly cpu: number | undefined
}

/**
 * Starts a peer's proxies.
 *
 * @throws when one does not start, or does not give the answer that the scenario is about
 */
export async function startStation(installed: InstalledPeer, plan: StationPlan): Promise<Station> {
  const { name, isCompiledAsItRuns } = installed.peer
  await using started = new AsyncDisposableStack()
  const hops: StartedHop[] = []
  let port = 0
  // From the origin towards the client: each hop needs the port of the next one.
  for (const hop of listHops(plan).toReversed()) {
    const [listenPort, adminPort] = await findFreePorts(2)
    const upstreamPorts = port === 0 ? plan.originPorts : [port]
    const directory = join(plan.directory, hop.role)
    port = listenPort!
    const whole = { ...hop, listenPort: port, adminPort: adminPort!, upstreamPorts, tls: plan.tls, directory }
    hops.push({ role: hop.role, port, pid: started.use(await startHop(installed, whole, plan.cpu)).pid })
  }
  await checkAnswer(`${name} in ${plan.scenario.name}`, port, plan.scenario)
  const kept = started.move()
  const pids = hops.map(({ pid }) => pid)
  return { name, isCompiledAsItRuns, port, pids, hops, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

type HopKind = Pick<Hop, 'role' | 'listenProtocol' | 'upstreamProtocol' | 'attached'>

function listHops({ scenario }: StationPlan): readonly HopKind[] {
  const { topology, protocol, hopProtocol, attached } = scenario
  if (topology === '1hop') {
    const only = { role: 'plain', listenProtocol: protocol, upstreamProtocol: protocol } as const
    return [attached === undefined ? only : { ...only, attached }]
  }
  return [
    { role: 'tls-client', listenProtocol: protocol, upstreamProtocol: hopProtocol },
    { role: 'tls-server', listenProtocol: hopProtocol, upstreamProtocol: protocol },
  ]
}

/** Starts one proxy of the peer. */
async function startHop(installed: InstalledPeer, hop: Hop, cpu: number | undefined): Promise<Child> {
  const { peer, program } = installed
  mkdirSync(hop.directory, { recursive: true })
  const { files, command } = peer.launch(program, hop)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(hop.directory, name), text, { mode: 0o600 })
  return startChild({
    name: `${peer.name} (${hop.role})`,
    command,
    logFile: join(hop.directory, 'log'),
    port: hop.listenPort,
    cpu,
  })
}

/** So that nobody is fast by answering something else. */
async function checkAnswer(who: string, port: number, scenario: StationPlan['scenario']): Promise<void> {
  const answer = await ask(port, scenario).catch((error: unknown) => {
    throw new Error(`${who}: ${error instanceof Error ? error.message : error}`)
  })
  const fault = findFault(answer, scenario)
  if (fault !== undefined) throw new Error(`${who}: wrong answer: ${fault}`)
}
