import type { CliDeps, Command } from '../command.ts'
import { formatJson } from '../output/json.ts'
import { toIsoTime } from './certificate-life.ts'
import { CLIENT_VERSION } from './client-version.ts'
import { outputOption } from './resource-options.ts'

interface Options {
  readonly client?: boolean
  readonly output: string
}

/** `heddle version`: of the command line, and of the control plane it talks to. */
export const version: Command = {
  register(program, deps) {
    program
      .command('version')
      .description('Show the version of the command line and of the control plane.')
      .option('--client', 'only the command line; asks no control plane')
      .addOption(outputOption(['text', 'json']))
      .action((options: Options) => runVersion(options, deps))
  },
}

/** As JSON shows it; `server` is left out with `--client`, and where none answers. */
interface Versions {
  readonly client: { readonly version: string }
  readonly server?: { readonly version: string; readonly trust_domain: string; readonly started_at: string }
}

async function runVersion({ client: isAlone, output }: Options, deps: CliDeps): Promise<void> {
  const { terminal } = deps
  const client = { version: CLIENT_VERSION }
  const isText = output === 'text'
  // Written before the control plane is asked, so that it is there also when nobody answers.
  if (isText) terminal.write(`Client version: ${client.version}\n`)
  const writeJson = (versions: Versions) => isText || terminal.write(formatJson(versions))
  if (isAlone === true) {
    writeJson({ client })
    return
  }
  const server = await readServer(deps).catch((error: unknown) => {
    writeJson({ client })
    throw error
  })
  if (isText) terminal.write(`Server version: ${server.version}\n`)
  writeJson({ client, server })
}

async function readServer(deps: CliDeps): Promise<NonNullable<Versions['server']>> {
  const control = await deps.connect()
  const answer = await control.admin.getVersion({}).finally(() => control.close())
  const { trustDomain, startedAtMs } = answer
  return { version: answer.version, trust_domain: trustDomain, started_at: toIsoTime(startedAtMs) }
}
