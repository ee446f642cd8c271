import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FakeControlPlane } from './fake-control-plane.ts'
import { until } from './until.ts'

/** A busy machine takes ten times as long to start a proxy. */
const PATIENCE_MS = 50_000
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
export const BUN = fileURLToPath(new URL('../../../node_modules/.bin/bun', import.meta.url))

/** The default runtime of a proxy, and the other one where these tests run on it: Node starts slowly from sources. */
export const RUNTIMES = [
  { runtime: 'Bun', program: BUN },
  ...(process.versions.bun === undefined ? [{ runtime: 'Node', program: process.execPath }] : []),
]

/** A proxy as a process of its own. */
export interface ProxyProcess extends AsyncDisposable {
  readonly child: ChildProcess
  /** What it wrote to stdout, line by line. */
  readonly events: Record<string, unknown>[]
  /** What it wrote to stderr. */
  log: string
  /** Resolves with the exit status, or with the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>
  /** Waits for the event of that name. */
  event(name: string): Promise<Record<string, unknown>>
  admin(line: string): Promise<Response>
}

/** Starts main.ts with `env` and nothing else of this environment. */
export function startProxyProcess(
  program: string,
  env: Readonly<Record<string, string>>,
  args: string[] = [],
): ProxyProcess {
  const child = spawn(program, [MAIN, ...args], { env: { ...env, PATH: process.env.PATH ?? '' }, stdio: 'pipe' })
  let hasExited = false
  // When its last words are read: the end of the process alone may come before them.
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (status, signal) => {
      hasExited = true
      resolve(status ?? signal ?? 'SIGKILL')
    })
  })
  let lines = ''
  const proxy: ProxyProcess = {
    child,
    events: [],
    log: '',
    exited,
    async event(name) {
      await until(() => proxy.events.some(({ event }) => event === name) || hasExited, PATIENCE_MS)
      const found = proxy.events.find(({ event }) => event === name)
      if (found === undefined) throw new Error(`no event ${name}; the proxy said:\n${proxy.log}`)
      return found
    },
    async admin(line) {
      const { admin } = await proxy.event('listening')
      const [method = 'GET', path = '/'] = line.split(' ')
      return fetch(`http://${String(admin)}${path}`, { method, signal: AbortSignal.timeout(PATIENCE_MS) })
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
  child.stdout?.on('data', (chunk) => {
    const parts = (lines + String(chunk)).split('\n')
    lines = parts.pop() ?? ''
    proxy.events.push(...parts.map((part) => JSON.parse(part) as Record<string, unknown>))
  })
  child.stderr?.on('data', (chunk) => {
    proxy.log += String(chunk)
  })
  return proxy
}

/** The environment of a sidecar of `plane`, with the files it names. */
export async function sidecarEnvironment(plane: FakeControlPlane) {
  const folder = await mkdtemp(join(tmpdir(), 'heddle-proxy-test-'))
  const trustBundleFile = join(folder, 'trust.pem')
  const joinTokenFile = join(folder, 'token')
  await writeFile(trustBundleFile, plane.authority.trustBundlePem)
  await writeFile(joinTokenFile, 'the-join-token\n')
  return {
    env: {
      HEDDLE_NAMESPACE: 'emojivote',
      HEDDLE_WORKLOAD: 'web',
      HEDDLE_INSTANCE: 'web-0',
      HEDDLE_SERVICE_ACCOUNT: 'web',
      HEDDLE_CONTROL_ADDRESS: `127.0.0.1:${plane.port}`,
      HEDDLE_TRUST_BUNDLE_FILE: trustBundleFile,
      HEDDLE_JOIN_TOKEN_FILE: joinTokenFile,
      HEDDLE_ADMIN_ADDRESS: '127.0.0.1:0',
      HEDDLE_DRAIN_DELAY_MS: '50',
      HEDDLE_DRAIN_MS: '1000',
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
