import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Finished, run, type Started, start } from './process.ts'
import { until } from './until.ts'

export const HEDDLE = resolve(import.meta.dirname, '../../bin/heddle')

/** What `heddle up` says once every instance is ready. */
const SETTLED = 'up; Ctrl-C ends it'

export type Mode = 'transparent' | 'explicit'

export interface MeshOptions {
  readonly mode: Mode
  /**
   * Files of the directory that `heddle up` gets: name to YAML.
   * @param file - gives the path of a file in the mesh's temporary folder, for an application to write
   */
  readonly manifests: (file: (name: string) => string) => Readonly<Record<string, string>>
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** One row of `heddle stat -o json`. */
export interface StatRow {
  readonly namespace: string
  readonly kind: string
  readonly name: string
  readonly meshed: string
  readonly success: number | null
  readonly rps: number | null
  readonly latency_ms_p50: number | null
  readonly latency_ms_p99: number | null
  readonly tcp_open_connections: number | null
  readonly grpc_status: Readonly<Record<string, number>> | null
}

/** A mesh run by `heddle up` on a directory of its own. */
export class TestMesh {
  readonly directory: string
  readonly home: string
  readonly up: Started
  readonly #root: string

  private constructor(root: string, up: Started) {
    this.#root = root
    this.directory = join(root, 'mesh')
    this.home = join(root, 'home')
    this.up = up
  }

  /** Starts `heddle up` and waits until every instance that it runs is meshed and ready. */
  static async start(options: MeshOptions): Promise<TestMesh> {
    const root = mkdtempSync(join(tmpdir(), 'heddle-e2e-'))
    const directory = join(root, 'mesh')
    mkdirSync(directory)
    const manifests = options.manifests((name) => join(root, name))
    for (const [name, text] of Object.entries(manifests)) writeFileSync(join(directory, name), text)
    const args = ['up', directory, '--mode', options.mode, '--no-table', ...(options.args ?? [])]
    const env = { HEDDLE_HOME: join(root, 'home'), ...options.env }
    const mesh = new TestMesh(root, start([HEDDLE, ...args], { env }))
    try {
      await mesh.waitUntilReady()
    } catch (error) {
      await mesh[Symbol.asyncDispose]()
      throw new Error(`the mesh did not become ready\n${mesh.output()}`, { cause: error })
    }
    return mesh
  }

  output(): string {
    return `--- standard output of heddle up\n${this.up.stdout()}\n--- standard error\n${this.up.stderr()}`
  }

  /** Path of a file in the mesh's temporary folder. */
  file(name: string): string {
    return join(this.#root, name)
  }

  /** Changes a manifest while the mesh runs. */
  writeManifest(name: string, text: string): void {
    writeFileSync(join(this.directory, name), text)
  }

  heddle(...args: readonly string[]): Promise<Finished> {
    return run([HEDDLE, ...args], { env: { HEDDLE_HOME: this.home } })
  }

  /** @throws {Error} with what the command printed, where it failed */
  async json<T>(...args: readonly string[]): Promise<T> {
    const { status, stdout, stderr } = await this.heddle(...args, '-o', 'json')
    if (status !== 0) throw new Error(`heddle ${args.join(' ')}: status ${status}\n${stdout}${stderr}`)
    return JSON.parse(stdout) as T
  }

  async waitUntilReady(deadlineMs = 90_000): Promise<void> {
    // It says so itself; to ask again and again meanwhile would take a core from what is starting.
    const settled = until('heddle up has settled', () => this.up.stderr().includes(SETTLED), deadlineMs)
    const all = settled.then(() =>
      until('heddle check passes', async () => (await this.heddle('check')).status === 0, deadlineMs),
    )
    const died = this.up.ended.then((status) => {
      throw new Error(`heddle up ended with status ${status}`)
    })
    died.catch(() => undefined)
    await Promise.race([all, died])
  }

  /** What a `load` application has counted so far; see apps/load.ts. */
  load(name: string): LoadResult {
    try {
      return JSON.parse(readFileSync(this.file(`${name}.json`), 'utf8')) as LoadResult
    } catch {
      return { ok: 0, failed: 0, failures: {}, lastFailure: '', servers: {} }
    }
  }

  /** Waits until `count` more requests of the load succeeded. */
  async waitForSuccesses(name: string, count: number, deadlineMs = 60_000): Promise<void> {
    const goal = this.load(name).ok + count
    try {
      await until(`load ${name} has ${goal} successes`, () => this.load(name).ok >= goal, deadlineMs)
    } catch (error) {
      throw new Error(`load ${name} stands at ${JSON.stringify(this.load(name))}\n${this.output()}`, { cause: error })
    }
  }

  /** Ends the mesh as Ctrl-C does; resolves with the status of `heddle up`. */
  async stop(): Promise<number> {
    this.up.process.kill('SIGINT')
    const timer = setTimeout(() => this.up.process.kill('SIGKILL'), 40_000)
    const status = await this.up.ended
    clearTimeout(timer)
    return status
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    // Where it had to be killed, an application may write its last words meanwhile.
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 5 })
  }
}

export interface LoadResult {
  readonly ok: number
  readonly failed: number
  readonly failures: Readonly<Record<string, number>>
  readonly lastFailure: string
  /** Answers by the name that the server gave. */
  readonly servers: Readonly<Record<string, number>>
}
