import { systemClock } from '@heddle/base/clock'
import { ConfigError } from '@heddle/base/config-error'
import { formatHostPort } from '@heddle/base/host-port'
import { parseControlConfig } from './config/control-config.ts'
import { createPinoLog } from './log/pino-log.ts'
import type { Control } from './running-control.ts'
import { startControl } from './start-control.ts'

const EXIT_FAILED = 1
const EXIT_USAGE = 2

await main()

async function main(): Promise<void> {
  const config = readConfig()
  const log = createPinoLog(config.logLevel)
  let control: Control | undefined
  let isStopping = false
  const stop = async (why: string) => {
    if (isStopping) return
    isStopping = true
    log.info('stopping', { why })
    await control?.stop()
    process.exit(0)
  }
  const fail = (event: string) => (error: unknown) => {
    log.error(event, { error })
    process.exit(EXIT_FAILED)
  }
  process.on('uncaughtException', fail('uncaught exception'))
  process.on('unhandledRejection', fail('unhandled rejection'))
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => void stop(signal).catch(fail('stop failed')))
  if (config.exitWithStdin) onStdinEnd(() => void stop('stdin ended').catch(fail('stop failed')))
  control = await startControl(config, { clock: systemClock, log }).catch(fail('not started'))
  log.info('listening', { addresses: control.addresses.map(formatHostPort), trustDomain: config.trustDomain })
  announce(control)
}

function readConfig() {
  try {
    return parseControlConfig(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(EXIT_USAGE)
  }
}

/** Whoever starts the control plane reads this line; nothing else is ever written to standard output. */
function announce(control: Control): void {
  const { addresses, adminAddress, webhookAddress, serverIdentity, trustBundleFile, adminTokenFile } = control
  const ready = {
    event: 'ready',
    addresses: addresses.map(formatHostPort),
    ...(adminAddress === undefined ? {} : { adminAddress: formatHostPort(adminAddress) }),
    ...(webhookAddress === undefined ? {} : { webhookAddress: formatHostPort(webhookAddress) }),
    serverIdentity,
    trustBundleFile,
    ...(adminTokenFile === '' ? {} : { adminTokenFile }),
  }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
}

function onStdinEnd(ended: () => void): void {
  process.stdin.once('end', ended)
  process.stdin.once('error', ended)
  process.stdin.resume()
}
