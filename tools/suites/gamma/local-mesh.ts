import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { HEDDLE, type Mode, TestMesh } from '../../../e2e/harness/mesh.ts'
import { run } from '../../../e2e/harness/process.ts'
import { listProcesses } from '../../../e2e/harness/run-state.ts'
import { until } from '../../../e2e/harness/until.ts'
import { ADDRESS_OF_ECHO_V2, CASES } from './cases.ts'
import { type Check, compareAnswer, MESH_NAMESPACE, toAsk } from './check.ts'
import { ConformanceClient } from './client.ts'
import { toMeshManifests } from './suite-manifests.ts'
import { MARKED_HOST, turnMarker } from './turn-marker.ts'

const CLIENT = [process.execPath, resolve(import.meta.dirname, '../../../e2e/apps/conformance-client.ts')]
const NAMESPACES = { producer: MESH_NAMESPACE, consumer: `${MESH_NAMESPACE}-consumer` }
/** Enough for the last change and what became of it. */
const LAST_LINES = 5

type Asker = keyof typeof NAMESPACES

/** The suite's Services and echo servers, run by `heddle up`, and its clients. */
export class LocalMesh implements AsyncDisposable {
  /** Of the instance of `echo-v2`; `undefined` where instances have no addresses of their own. */
  readonly addressOfEchoV2: string | undefined
  readonly #mesh: TestMesh
  readonly #clients: Readonly<Record<Asker, ConformanceClient>>
  #turn = 0

  private constructor(mesh: TestMesh, clients: Record<Asker, ConformanceClient>, address: string | undefined) {
    this.#mesh = mesh
    this.#clients = clients
    this.addressOfEchoV2 = address
  }

  /** @param base - the suite's own manifests, which all cases share */
  static async start(mode: Mode, base: string): Promise<LocalMesh> {
    const mesh = await TestMesh.start({ mode, manifests: () => ({ 'base.yaml': toMeshManifests(base) }) })
    try {
      if (mode === 'explicit') {
        return new LocalMesh(
          mesh,
          { producer: joinAs(mesh, 'producer'), consumer: joinAs(mesh, 'consumer') },
          undefined,
        )
      }
      const clients = { producer: enterEcho(mesh, 'producer'), consumer: enterEcho(mesh, 'consumer') }
      return new LocalMesh(mesh, clients, await addressOf(pidOfEcho(mesh, { asker: 'producer', version: 'v2' })))
    } catch (error) {
      await mesh[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Puts `manifests` in force instead of what was applied before, and waits until the clients' proxies have them. */
  async apply(manifests: string): Promise<void> {
    this.#turn += 1
    const { route, check } = turnMarker(this.#turn)
    this.#mesh.writeManifest('case.yaml', `${manifests}\n---\n${route}`)
    for (const client of Object.values(this.#clients)) {
      await until('the change is in force', async () => {
        const [answer] = await client.send(toAsk(check, 1))
        return answer !== undefined && compareAnswer(check, answer) === ''
      })
    }
  }

  client({ from = 'producer' }: Check): ConformanceClient {
    return this.#clients[from]
  }

  /** The last lines that `heddle up` printed, such as why it does not take a manifest. */
  lastLines(): string {
    const lines = this.#mesh.up.stderr().split('\n')
    return lines
      .filter((line) => !line.includes(': warning: '))
      .slice(-LAST_LINES)
      .join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of Object.values(this.#clients)) await client[Symbol.asyncDispose]()
    await this.#mesh[Symbol.asyncDispose]()
  }
}

/** Transparent mode: the client runs beside the echo server, as the suite's does in its pod. */
function enterEcho(mesh: TestMesh, asker: Asker): ConformanceClient {
  return new ConformanceClient(inside(pidOfEcho(mesh, { asker, version: 'v1' }), CLIENT))
}

function pidOfEcho(mesh: TestMesh, { asker, version }: { readonly asker: Asker; readonly version: string }): number {
  const named = listProcesses(mesh).filter(({ role }) => role === `echo-${version}-0`)
  const found = named.find(({ pid }) => environmentOf(pid).includes(`NAMESPACE=${NAMESPACES[asker]}`))
  if (found === undefined) throw new Error(`no instance of echo-${version} in ${NAMESPACES[asker]}`)
  return found.pid
}

function environmentOf(pid: number): readonly string[] {
  return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
}

function inside(pid: number, command: readonly string[]): readonly string[] {
  return ['nsenter', '--target', String(pid), '--net', '--mount', '--', ...command]
}

async function addressOf(pid: number): Promise<string> {
  const show = ['ip', '-o', '-4', 'addr', 'show', 'dev', 'eth0', 'scope', 'global']
  const { stdout, stderr } = await run(inside(pid, show))
  const address = / inet ([^/]+)\//.exec(stdout)?.[1]
  if (address === undefined) throw new Error(`an instance has no address: ${stdout}${stderr}`)
  return address
}

/** Explicit mode: the client joins the mesh as a process of its own, which calls every Service that its checks name. */
function joinAs(mesh: TestMesh, asker: Asker): ConformanceClient {
  const checks = Object.values(CASES).flat()
  const asked = checks.filter(({ from = 'producer' }) => from === asker).map(({ host = 'echo' }) => host)
  const named = asked.filter((host) => !host.startsWith(ADDRESS_OF_ECHO_V2))
  const hosts = new Set([MARKED_HOST, ...named.map(withPort)])
  const upstreams = [...hosts].flatMap((host) => ['--upstream', `${qualified(host)}=${variableOf(host)}`])
  const joining = ['-n', NAMESPACES[asker], '--name', 'client', ...upstreams]
  return new ConformanceClient([HEDDLE, 'run', ...joining, '--', ...CLIENT], { HEDDLE_HOME: mesh.home })
}

function withPort(host: string): string {
  return host.includes(':') ? host : `${host}:80`
}

function qualified(host: string): string {
  const [name = '', port = ''] = host.split(':')
  return name.includes('.') ? host : `${name}.${MESH_NAMESPACE}:${port}`
}

/** As conformance-client.ts looks for it. */
function variableOf(host: string): string {
  return host.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
}
