import { systemClock } from '@heddle/base/clock'
import { ConfigError } from '@heddle/base/config-error'
import { createLog } from '@heddle/base/log'
import { messageOf } from '@heddle/base/message-of'
import { Registry } from '@heddle/telemetry/registry'
import { parseSidecarConfig, type SidecarConfig } from './config/sidecar-config.ts'
import { exitWhenDrained, listenForEnd } from './process/process-end.ts'
import { addProcessMetrics } from './process/process-metrics.ts'
import { startSidecar } from './sidecar/start-sidecar.ts'

const USAGE = `usage: main.ts            a workload's proxy, configured by its environment
       main.ts --static FILE [--shown-as NAME]
                          a proxy from a file, without control plane; NAME is what problems of the file are told under
`

async function main(args: readonly string[]): Promise<void> {
  const [option, file, ...rest] = args
  const [shown, name, ...more] = rest
  if (option === undefined) return runSidecar(parseSidecarConfig(process.env))
  const isNamed = shown === '--shown-as' && name !== undefined && more.length === 0
  if (option === '--static' && file !== undefined && (rest.length === 0 || isNamed)) {
    // Loaded here only: a sidecar does without it.
    const { runStatic } = await import('./static/run-static.ts')
    return runStatic({ path: file, shownAs: name ?? file }, emit)
  }
  process.stderr.write(USAGE)
  process.exit(2)
}

async function runSidecar(config: SidecarConfig): Promise<void> {
  const log = createLog((line) => process.stderr.write(line), config.logLevel)
  const registry = new Registry()
  addProcessMetrics(registry, systemClock)
  const end = listenForEnd({ log, exitWithStdin: config.exitWithStdin })
  const sidecar = await startSidecar(config, {
    clock: systemClock,
    log,
    registry,
    onDrainRequest: () => end.request('the admin interface was told to drain'),
    onTokenWanted: (reason) => emit({ event: 'token_wanted', reason }),
  })
  exitWhenDrained(end, sidecar)
  emit(sidecar.listeningEvent)
  await sidecar.ready
  emit({ event: 'ready' })
}

/** For whoever started the proxy; people read the log on stderr. */
function emit(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exit(error instanceof ConfigError ? 2 : 1)
})
