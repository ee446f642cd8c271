import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GET_1K, GET_100K, H2_EXCHANGES } from './exchanges.ts'
import { formatNginxConfig } from './peers/nginx.ts'
import { type Child, findFreePorts, startChild } from './process/child.ts'
import type { Scenario } from './scenarios.ts'

/** The servers behind the proxies. */
export interface Origin extends AsyncDisposable {
  /** Where the scenario's requests are answered: as many ports as it has endpoints. */
  portsFor(scenario: Pick<Scenario, 'protocol' | 'exchange' | 'endpoints'>): readonly number[]
}

/** What the servers are run by, and where. */
export interface OriginPlace {
  readonly nginx: string
  readonly bun: string
  readonly directory: string
  /** The one CPU for them; anywhere when undefined. */
  readonly cpu: number | undefined
  /** The most endpoints of any scenario. */
  readonly endpoints: number
}

const H2_PROGRAM = fileURLToPath(new URL('./h2/origin-main.ts', import.meta.url))

/** Starts an nginx of its own that serves `/1k` and `/100k` from the page cache, and a server of our own for HTTP/2. */
export async function startOrigin(place: OriginPlace): Promise<Origin> {
  await using stack = new AsyncDisposableStack()
  const http1Ports = await findFreePorts(place.endpoints)
  stack.use(await startNginx(place, http1Ports))
  const h2Ports = new Map<string, readonly number[]>()
  for (const { name } of H2_EXCHANGES) h2Ports.set(name, await findFreePorts(place.endpoints))
  stack.use(await startH2(place, h2Ports))
  const kept = stack.move()
  return {
    portsFor: ({ protocol, exchange, endpoints }) =>
      (protocol === 'http1' ? http1Ports : h2Ports.get(exchange.name)!).slice(0, endpoints),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

function startNginx({ nginx, directory, cpu }: OriginPlace, ports: readonly number[]): Promise<Child> {
  const files = join(directory, 'files')
  mkdirSync(files, { recursive: true })
  for (const { path, answerBytes } of [GET_1K, GET_100K]) writeFileSync(join(files, path), 'x'.repeat(answerBytes))
  const configFile = join(directory, 'nginx.conf')
  writeFileSync(configFile, formatNginxConfig(directory, formatServer(files, ports)))
  return startChild({
    name: 'origin',
    command: [nginx, '-e', 'stderr', '-p', directory, '-c', configFile],
    logFile: join(directory, 'origin.log'),
    port: ports[0]!,
    cpu,
  })
}

function startH2({ bun, directory, cpu }: OriginPlace, ports: ReadonlyMap<string, readonly number[]>): Promise<Child> {
  return startChild({
    name: 'origin of HTTP/2',
    command: [bun, H2_PROGRAM, JSON.stringify(Object.fromEntries(ports))],
    logFile: join(directory, 'h2-origin.log'),
    // The last to be opened.
    port: [...ports.values()].at(-1)!.at(-1)!,
    cpu,
  })
}

function formatServer(files: string, ports: readonly number[]): string {
  return `  sendfile on;
  tcp_nopush on;
  open_file_cache max=10 inactive=1h;
  open_file_cache_valid 1h;
  default_type text/plain;
  server {
${ports.map((port) => `    listen 127.0.0.1:${port} backlog=4096;`).join('\n')}
    root ${files};
  }`
}
