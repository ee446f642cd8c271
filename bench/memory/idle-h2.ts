import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { IdleLoad } from '../h2/idle-main.ts'

const PROGRAM = fileURLToPath(new URL('../h2/idle-main.ts', import.meta.url))
/** Ten thousand handshakes on one CPU. */
const OPEN_MS = 180_000

/** Connections of HTTP/2 with mTLS that say nothing, held by a process of their own; closed when disposed of. */
export interface IdleH2 extends AsyncDisposable {
  readonly count: number
}

/** @throws when the process ends before it has opened them */
export async function openIdleH2(bun: string, load: IdleLoad): Promise<IdleH2> {
  const child = spawn(bun, [PROGRAM, JSON.stringify(load)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
  }
  const limit = setTimeout(() => child.kill('SIGKILL'), OPEN_MS)
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(limit)
    const { open, failure } = JSON.parse(line) as { readonly open: number; readonly failure?: string }
    if (failure !== undefined) process.stderr.write(`only ${open} connections: ${failure}\n`)
    return { count: open, [Symbol.asyncDispose]: stop }
  }
  throw new Error('the client ended before its connections were open')
}
