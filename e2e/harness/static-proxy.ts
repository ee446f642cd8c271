import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Started, start } from './process.ts'
import { until } from './until.ts'

const REPOSITORY = resolve(import.meta.dirname, '../..')
const BUN = join(REPOSITORY, 'node_modules/.bin/bun')
const PROXY = join(REPOSITORY, 'packages/proxy/src/main.ts')

/** A proxy from a file, as a process. */
export interface RunningProxy {
  readonly proxy: Started
  /** Of its only listener. */
  readonly port: number
  readonly adminPort: number
}

/**
 * Starts a proxy with one listener and an admin interface, and waits until it listens.
 *
 * @param file - where its configuration is put
 * @param descriptors - how many it may open
 */
export async function startProxy(file: string, config: object, descriptors?: number): Promise<RunningProxy> {
  writeFileSync(file, JSON.stringify(config))
  const command = [BUN, PROXY, '--static', file]
  const proxy = start(descriptors === undefined ? command : ['prlimit', `--nofile=${descriptors}`, ...command])
  const { inbound, outbound, admin } = await until('the proxy listens', () => listeningOf(proxy))
  const [address = ''] = [...inbound, ...outbound.map((listener) => listener.address)]
  return { proxy, port: portIn(address), adminPort: portIn(admin) }
}

/** What the admin interface of a proxy answers at `path`. */
export async function askAdmin(adminPort: number, path: string): Promise<string> {
  // It ends connections after half a minute, however they are used: each question has one of its own.
  const answer = await fetch(`http://127.0.0.1:${adminPort}${path}`, { headers: { connection: 'close' } })
  return await answer.text()
}

/** Where a proxy says that it listens. */
interface Listening {
  readonly inbound: readonly string[]
  readonly outbound: readonly { readonly address: string }[]
  readonly admin: string
}

/** @returns `undefined` as long as it has not said so; @throws {Error} when it has ended instead */
function listeningOf({ process: { exitCode }, stdout, stderr }: Started): Listening | undefined {
  if (exitCode !== null) throw new Error(`the proxy ended with status ${exitCode}\n${stderr()}`)
  const line = /^.*"listening".*(?=\n)/m.exec(stdout())?.[0]
  return line === undefined ? undefined : (JSON.parse(line) as Listening)
}

function portIn(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
}
