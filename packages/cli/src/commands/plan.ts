import { DECISION_QUERY_LIMITS } from '@heddle/api/decision-query-limits'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import { formatDurationMs } from '@heddle/base/duration'
import { InvalidArgumentError, Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { ControlClient } from '../client/control-client.ts'
import type { CliDeps, Command } from '../command.ts'
import { formatJson } from '../output/json.ts'
import { parseTargets } from './delete.ts'
import { filenameOption, readManifestFiles } from './objects/manifest-files.ts'
import { noteProblems, refuseErrors } from './objects/problem-output.ts'
import type { Plan } from './plan/plan-output.ts'
import { namespaceOption, outputOption, readDurationMs } from './resource-options.ts'

/** As many as the control plane gathers. */
const MAX_REQUESTS = DECISION_QUERY_LIMITS.mostRecords

interface Options {
  readonly namespace: string
  readonly filename?: readonly string[]
  readonly delete?: readonly string[]
  readonly output: string
  readonly since: number
  readonly limit: number
}

/** `heddle plan`: what a change would do to the configuration, to proxies, and to the requests of the last minutes. */
export const plan: Command = {
  register(program, deps) {
    program
      .command('plan')
      .description(
        'Show what files would change: objects, routes, conditions, and recent requests that would be answered otherwise.',
      )
      .addOption(filenameOption())
      .option('--delete <object...>', 'KIND/NAME of objects that would be removed')
      .addOption(namespaceOption())
      .addOption(outputOption(['text', 'json']))
      .addOption(
        new Option('--since <duration>', 'how far to look back at requests')
          .argParser(readDurationMs)
          .default(600_000, '10m'),
      )
      .addOption(
        new Option('--limit <count>', 'look at the newest so many requests').argParser(readLimit).default(MAX_REQUESTS),
      )
      .action((options: Options) => runPlan(options, deps))
  },
}

function readLimit(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit > 0 && limit <= MAX_REQUESTS) return limit
  throw new InvalidArgumentError(`Expected a number from 1 to ${MAX_REQUESTS}.`)
}

async function runPlan(options: Options, deps: CliDeps): Promise<void> {
  const { filename = [], namespace } = options
  const remove = parseTargets(options.delete ?? [], namespace)
  if (filename.length === 0 && remove.length === 0) {
    throw new CliError('nothing to plan', { hints: ['name files with -f FILE, or objects with --delete KIND/NAME'] })
  }
  const files = await readManifestFiles(filename, deps.cwd)
  const client = await deps.connect()
  const found = await makePlan({ client, files, remove }, options, deps).finally(() => client.close())
  const { formatPlan, toPlanJson } = await import('./plan/plan-output.ts')
  const { terminal } = deps
  terminal.write(options.output === 'json' ? formatJson(toPlanJson(found)) : formatPlan(found, terminal.style))
}

interface Change {
  readonly client: ControlClient
  readonly files: readonly { readonly path: string; readonly text: string }[]
  readonly remove: readonly ObjectRef[]
}

async function makePlan({ client, files, remove }: Change, options: Options, deps: CliDeps): Promise<Plan> {
  const { world } = client
  const answer = await client.admin.planObjects({
    files: [...files],
    remove: [...remove],
    ...(world.kind === 'cluster' && { defaultNamespace: world.cluster.namespace }),
  })
  noteProblems(answer.problems, deps.terminal)
  refuseErrors(answer.problems)
  const { compareRouting } = await import('./plan/compare-routing.ts')
  const { askRecorded } = await import('./plan/ask-recorded.ts')
  const { replay } = await import('./plan/replay.ts')
  const nowMs = deps.clock.nowMs()
  const destinations = answer.destinations.map(compareRouting)
  const recorded = await askRecorded(client, destinations, { sinceMs: nowMs - options.since, limit: options.limit })
  const since = formatDurationMs(options.since)
  return { answer, destinations, recorded, replay: replay(recorded.records, nowMs), since }
}
