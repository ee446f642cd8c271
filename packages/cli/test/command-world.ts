import { type Client, createClient, createRouterTransport, type ServiceImpl } from '@connectrpc/connect'
import { AdminService } from '@heddle/api/admin'
import type { Clock } from '@heddle/base/clock'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { CliError } from '../src/cli-error.ts'
import type { Cluster } from '../src/client/cluster.ts'
import { explainFailures, placeOf } from '../src/client/control-client.ts'
import type { World } from '../src/client/world.ts'
import type { Command } from '../src/command.ts'
import { createTerminal } from '../src/output/terminal.ts'
import { runCli } from '../src/run-cli.ts'
import type { SiteNetwork } from '../src/site/site.ts'

/** What a command did. */
export interface Ran {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** The world around a command in a test: a control plane that answers as `admin` says, or none. */
export interface CommandWorld {
  readonly admin?: Partial<ServiceImpl<typeof AdminService>>
  /** A real control plane instead. */
  readonly client?: Client<typeof AdminService>
  /** Of the mesh on this host, in transparent mode. */
  readonly network?: SiteNetwork
  /** The mesh is in this cluster. */
  readonly cluster?: Cluster
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly clock?: Clock
  readonly interruption?: AbortSignal
}

/** Runs `heddle ARGS` in that world; messages to and from the control plane are encoded as on the wire. */
export async function runCommand(command: Command, args: readonly string[], world: CommandWorld = {}): Promise<Ran> {
  const text = { stdout: '', stderr: '' }
  const streamOf = (name: keyof typeof text) => ({
    write(chunk: string) {
      text[name] += chunk
      return true
    },
  })
  const terminal = createTerminal(streamOf('stdout'), streamOf('stderr'), {})
  const signal = world.interruption ?? new AbortController().signal
  const status = await runCli(args, [command], {
    terminal,
    isDebugging: false,
    deps: ({ setExitStatus }) => ({
      terminal,
      clock: world.clock ?? new ManualClock(),
      env: world.env ?? {},
      cwd: world.cwd ?? '/',
      stateDirectory: '/nowhere',
      world: async () => findWorld(world),
      cluster: async () => world.cluster ?? throwNone(),
      connect: async () => connect(world),
      interruption: () => ({ signal, hurry: signal }),
      setExitStatus,
    }),
  })
  return { status, ...text }
}

function connect(world: CommandWorld) {
  const transport = createRouterTransport(({ service }) => service(AdminService, world.admin ?? {}))
  const place = findWorld(world)
  const asked = world.client ?? createClient(AdminService, transport)
  return { world: place, admin: explainFailures(asked, placeOf(CONTEXT)), close: () => undefined }
}

const CONTEXT = {
  mesh: 'test',
  server: 'https://127.0.0.1:1',
  serverIdentity: 'spiffe://heddle.local/ns/heddle/sa/control',
  trustDomain: 'heddle.local',
  trustBundleFile: '/nowhere',
  tokenFile: '/nowhere',
}

function findWorld({ admin, client, cluster, network }: CommandWorld): World {
  if (cluster !== undefined) return { kind: 'cluster', cluster }
  return admin === undefined && client === undefined
    ? throwNone()
    : { kind: 'local', context: { ...CONTEXT, ...(network && { network }) } }
}

function throwNone(): never {
  throw new CliError('no mesh runs here', { hints: ['start one with "heddle up DIR"'] })
}
