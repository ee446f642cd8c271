import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import { Registry } from '@heddle/telemetry/registry'
import { readStaticConfig, startStaticProxy } from './run-static.ts'

const DRAIN_MS = 5_000

/** `main-static.ts FILE`: a proxy from a file and nothing else, for debugging the data path alone. */
async function main(file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error('usage: main-static.ts FILE')
  const config = readStaticConfig(file)
  const log = createLog((line) => process.stderr.write(line), config.logLevel ?? 'info')
  const { proxy } = await startStaticProxy(config, { clock: systemClock, log, meter: new Registry() })
  const stop = () => void proxy.drain(DRAIN_MS).then(() => process.exit(0))
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
