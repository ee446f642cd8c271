import { type Address, EnvironmentError, formatAddress } from './environment.ts'

/** A program that serves. */
export interface Running {
  /** Where it really listens; the port differs from the wanted one where that was 0. */
  readonly address: Address | undefined
  /** Takes nothing new and resolves once all that was open is finished. */
  drain(): Promise<void>
  /** Breaks off whatever is still open. */
  stop(): Promise<void>
}

const DRAIN_MS = 5000

/** Starts a program and ends the process at SIGTERM or SIGINT, when what was open is finished. */
export async function runUntilSignal(name: string, start: () => Promise<Running>): Promise<void> {
  const running = await start().catch((error: unknown) => fail(name, error))
  report({ program: name, event: 'started', ...(running.address && { address: formatAddress(running.address) }) })
  await signalled()
  report({ program: name, event: 'draining' })
  const limit = setTimeout(() => void running.stop().then(() => process.exit(0)), DRAIN_MS)
  await running.drain()
  clearTimeout(limit)
  report({ program: name, event: 'ended' })
  process.exit(0)
}

/** Writes one line of JSON to the standard output. */
export function report(fields: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...fields })}\n`)
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve())
    process.once('SIGINT', () => resolve())
  })
}

function fail(name: string, error: unknown): never {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`${name}: ${message}\n`)
  process.exit(error instanceof EnvironmentError ? 2 : 1)
}
