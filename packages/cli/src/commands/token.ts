import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf } from '@heddle/base/message-of'
import { InvalidArgumentError, Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { CliDeps, Command } from '../command.ts'
import { formatJson } from '../output/json.ts'
import { formatRemaining, toIsoTime } from './certificate-life.ts'
import { addGroup } from './command-group.ts'
import { namespaceOption, outputOption, readDurationMs } from './resource-options.ts'

const LONGEST_TTL_MS = 24 * 3_600_000

interface CreateOptions {
  readonly namespace: string
  readonly serviceAccount: string
  readonly ttl: number
  readonly reusable?: boolean
  readonly trustBundle?: string
  readonly output: string
}

/** `heddle token create`: lets one workload join the mesh under a service account. */
export const token: Command = {
  register(program, deps) {
    addGroup(program, 'token', 'Make tokens with which workloads join the mesh.')
      .command('create')
      .description('Make a join token for one service account. The token alone is written to stdout.')
      .requiredOption('-s, --service-account <name>', 'who the joining workload will be')
      .addOption(namespaceOption())
      .addOption(
        new Option('--ttl <duration>', 'how long it can be used, up to 24h')
          .argParser(readTtlMs)
          .default(600_000, '10m'),
      )
      .option('--reusable', 'usable more than once; single-use unless stated')
      .option('--trust-bundle <file>', 'also write the certificates that the joiner must trust, PEM')
      .addOption(outputOption(['text', 'json']))
      .action((options: CreateOptions) => runCreate(options, deps))
  },
}

async function runCreate(options: CreateOptions, deps: CliDeps): Promise<void> {
  const { terminal, clock } = deps
  const { namespace, serviceAccount, ttl, reusable = false } = options
  const client = await deps.connect('act')
  const request = { namespace, serviceAccount, ttlMs: ttl, reusable }
  const answer = await client.admin.createJoinToken(request).finally(() => client.close())
  if (options.trustBundle !== undefined)
    await writeBundle(resolve(deps.cwd, options.trustBundle), answer.trustBundlePem)
  const expires = toIsoTime(answer.expiresMs)
  if (options.output === 'json') {
    const { token: text, trustBundlePem } = answer
    terminal.write(
      formatJson({ token: text, expires, namespace, service_account: serviceAccount, trust_bundle: trustBundlePem }),
    )
    return
  }
  terminal.write(`${answer.token}\n`)
  const remaining = formatRemaining(Number(answer.expiresMs) - clock.nowMs())
  terminal.note(
    `for ${serviceAccount} in namespace ${namespace}, ${reusable ? 'reusable' : 'single-use'}, until ${expires} (${remaining})`,
  )
}

async function writeBundle(file: string, pem: string): Promise<void> {
  try {
    await writeFile(file, pem)
  } catch (error) {
    throw new CliError(`cannot write ${file}: ${messageOf(error)}`)
  }
}

function readTtlMs(text: string): number {
  const ttlMs = readDurationMs(text)
  if (ttlMs > 0 && ttlMs <= LONGEST_TTL_MS) return ttlMs
  throw new InvalidArgumentError('Expected a duration up to 24h.')
}
