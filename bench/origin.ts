import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatNginxConfig } from './peers/nginx.ts'
import { type Child, findFreePort, startChild } from './process/child.ts'

/** The server behind the proxies. */
export interface Origin extends AsyncDisposable {
  readonly port: number
  readonly process: Child
}

const KIBIBYTE = 1024

/** Starts an nginx of its own that serves `/1k` and `/100k` from the page cache. */
export async function startOrigin(nginxProgram: string, directory: string, cpu: number | undefined): Promise<Origin> {
  const files = join(directory, 'files')
  mkdirSync(files, { recursive: true })
  writeFileSync(join(files, '1k'), 'x'.repeat(KIBIBYTE))
  writeFileSync(join(files, '100k'), 'x'.repeat(100 * KIBIBYTE))
  const port = await findFreePort()
  const configFile = join(directory, 'nginx.conf')
  writeFileSync(configFile, formatNginxConfig(directory, formatServer(files, port)))
  const process = await startChild({
    name: 'origin',
    command: [nginxProgram, '-e', 'stderr', '-p', directory, '-c', configFile],
    logFile: join(directory, 'origin.log'),
    port,
    cpu,
  })
  return { port, process, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() }
}

function formatServer(files: string, port: number): string {
  return `  sendfile on;
  tcp_nopush on;
  open_file_cache max=10 inactive=1h;
  open_file_cache_valid 1h;
  default_type text/plain;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${files};
  }`
}
