import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { Client } from '@connectrpc/connect'
import type { AdminService } from '@heddle/api/admin'
import { type Node, State, type WatchResponse } from '@heddle/api/discovery'
import type { DecisionQuery, DecisionRecordSchema } from '@heddle/api/discovery/decision'
import { type ControlWorld, createControlWorld, type OpenWatch } from '../../control/test/control-world.ts'
import type { Command } from '../src/command.ts'
import { type CommandWorld, type Ran, runCommand } from './command-world.ts'

export type RecordInit = MessageInitShape<typeof DecisionRecordSchema>

/** How a proxy of a test behaves. */
export interface ProxyBehaviour {
  readonly holds: readonly string[]
  /** Why it refuses what it is told; none: it applies it. */
  readonly problems?: readonly string[]
  /** Does not answer anything it is told after the first message. */
  readonly isStuck?: boolean
  readonly records?: readonly RecordInit[]
}

/** A real control plane of this process on a directory of files, with proxies that are played, and commands that talk to it. */
export class MeshWorld implements AsyncDisposable {
  readonly folder: string
  readonly admin: Client<typeof AdminService>
  readonly #world: ControlWorld
  readonly #proxies: PlayedProxy[] = []

  constructor(world: ControlWorld, admin: Client<typeof AdminService>) {
    this.#world = world
    this.admin = admin
    this.folder = world.dir
  }

  /** Where the configuration is. */
  get configuration(): string {
    return join(this.folder, 'mesh')
  }

  /** Writes a file that commands can name. */
  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.folder, name), text)
  }

  /** Resolves when the proxy has applied its first message. */
  async proxy(node: Node, behaviour: ProxyBehaviour): Promise<PlayedProxy> {
    const held = Object.fromEntries(behaviour.holds.map((key) => [key, '']))
    const proxy = new PlayedProxy(await this.#world.watch(node, held), behaviour)
    this.#proxies.push(proxy)
    await proxy.ready
    return proxy
  }

  run(command: Command, args: readonly string[], world: CommandWorld = {}): Promise<Ran> {
    return runCommand(command, args, { cwd: this.folder, client: this.admin, ...world })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const proxy of this.#proxies) proxy.end()
    await this.#world[Symbol.asyncDispose]()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Starts a control plane with this configuration. */
export async function startMeshWorld(yaml: string): Promise<MeshWorld> {
  const world = await createControlWorld('')
  await mkdir(join(world.dir, 'mesh'))
  await writeFile(join(world.dir, 'mesh/all.yaml'), yaml)
  await world.startOnDirectory(join(world.dir, 'mesh'))
  return new MeshWorld(world, await world.admin())
}

/** Reads its stream, acknowledges and answers as its behaviour says. */
export class PlayedProxy {
  readonly ready: Promise<void>
  readonly asked: DecisionQuery[] = []
  readonly #watch: OpenWatch
  readonly #behaviour: ProxyBehaviour
  #streamId = ''

  constructor(watch: OpenWatch, behaviour: ProxyBehaviour) {
    this.#watch = watch
    this.#behaviour = behaviour
    const ready = Promise.withResolvers<void>()
    this.ready = ready.promise
    // The stream ends with an error when the test ends.
    void this.#read(ready.resolve).catch(ready.reject)
  }

  /** Says that it gets no more requests. */
  async drain(): Promise<void> {
    await this.#watch.discovery.setState({ streamId: this.#streamId, state: State.DRAINING })
  }

  end(): void {
    this.#watch.end()
  }

  async #read(onFirst: () => void): Promise<void> {
    for (;;) {
      const { value, done } = await this.#watch.messages.next()
      if (done === true) return
      await this.#take(value, onFirst)
    }
  }

  async #take({ streamId, sequence, queries }: WatchResponse, onFirst: () => void): Promise<void> {
    const { discovery } = this.#watch
    const { problems = [], isStuck = false, records = [] } = this.#behaviour
    const isFirst = streamId !== ''
    if (isFirst) this.#streamId = streamId
    if (sequence > 0n && (isFirst || !isStuck)) {
      await discovery.acknowledge({ streamId: this.#streamId, sequence, problems: isFirst ? [] : [...problems] })
    }
    if (isFirst) onFirst()
    for (const query of queries) {
      this.asked.push(query)
      const found = records.filter((record) => isAskedFor(record, query)).slice(0, query.limit)
      await discovery.answerQuery({ streamId: this.#streamId, queryId: query.queryId, records: found })
    }
  }
}

function isAskedFor(record: RecordInit, { requestId, failuresOnly, keys }: DecisionQuery): boolean {
  if (requestId !== '' && record.requestId !== requestId) return false
  if (failuresOnly && record.keptAs !== 'failure') return false
  return keys.length === 0 || keys.includes(record.key ?? '')
}
