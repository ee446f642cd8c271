import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../packages/control/src/main.ts', import.meta.url))

/** A control plane of its own, on a directory of its own. */
export class ControlProcess implements AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number }
  readonly trustBundlePem: string
  /** Empty on a cluster. */
  readonly adminToken: string
  readonly #dir: string
  readonly #child: ChildProcess

  private constructor(dir: string, child: ChildProcess, ready: ReadyFacts) {
    this.#dir = dir
    this.#child = child
    this.address = ready.address
    this.trustBundlePem = ready.trustBundlePem
    this.adminToken = ready.adminToken
  }

  /** @param yaml - the whole configuration, by file */
  static async start(yaml: Readonly<Record<string, string>>): Promise<ControlProcess> {
    const dir = await mkdtemp(join(tmpdir(), 'heddle-bench-'))
    for (const [name, text] of Object.entries(yaml)) await writeFile(join(dir, name), text)
    return ControlProcess.#run(dir, ['--config', dir, '--log-level', 'off'])
  }

  /** One that follows a cluster, as the user of the kubeconfig. Its namespace must be there. */
  static async startOnCluster(kubeconfig: string): Promise<ControlProcess> {
    const dir = await mkdtemp(join(tmpdir(), 'heddle-bench-'))
    return ControlProcess.#run(dir, ['--kubernetes', '--kubeconfig', kubeconfig, '--log-level', 'warn'])
  }

  static async #run(dir: string, source: readonly string[]): Promise<ControlProcess> {
    const flags = [...source, '--state', join(dir, '.state'), '--listen', '127.0.0.1:0']
    const child = spawn(process.execPath, [MAIN, ...flags, '--exit-with-stdin'], { stdio: ['pipe', 'pipe', 'inherit'] })
    const [line] = (await once(child.stdout!.setEncoding('utf8'), 'data')) as [string]
    const ready = JSON.parse(line) as ReadyLine
    const [host = '', port = ''] = ready.addresses[0]!.split(':')
    return new ControlProcess(dir, child, {
      address: { host, port: Number(port) },
      trustBundlePem: await readFile(ready.trustBundleFile, 'utf8'),
      adminToken: ready.adminTokenFile === undefined ? '' : (await readFile(ready.adminTokenFile, 'utf8')).trim(),
    })
  }

  /** CPU of the process so far, in ms. */
  async cpuMs(): Promise<number> {
    const fields = (await readFile(`/proc/${this.#child.pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
  }

  /** Resident memory, in MB. */
  async residentMb(): Promise<number> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.stdin?.end()
    await ended
    await rm(this.#dir, { recursive: true, force: true })
  }
}

/** Linux counts CPU in hundredths of a second. */
const MS_PER_TICK = 10

interface ReadyFacts {
  readonly address: { readonly host: string; readonly port: number }
  readonly trustBundlePem: string
  readonly adminToken: string
}

interface ReadyLine {
  readonly addresses: readonly string[]
  readonly trustBundleFile: string
  /** None on a cluster. */
  readonly adminTokenFile?: string
}
