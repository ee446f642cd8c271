import { InvalidArgumentError, Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { CliDeps, Command } from '../command.ts'
import { allNamespacesOption, chosenNamespace, namespaceOption, outputOption } from './resource-options.ts'
import type { RequestOptions } from './why/question.ts'

const MAX_FAILURES = 200

interface Options extends RequestOptions {
  readonly allNamespaces?: boolean
  readonly output: string
  readonly lastFailures?: boolean
  readonly limit: number
}

/** `heddle why`: why a request went where it went, or would go. */
export const why: Command = {
  register(program, deps) {
    program
      .command('why')
      .description(
        'Say why a request was answered as it was, or what would become of one: every step, and what would have to change.',
      )
      .argument('[question...]', 'REQUEST_ID; or CLIENT to SERVICE, as in: deploy/web to svc/voting-svc')
      .option('--last-failures', 'the newest requests that failed')
      .addOption(new Option('--limit <count>', 'with --last-failures: so many').argParser(readLimit).default(10))
      .addOption(namespaceOption())
      .addOption(allNamespacesOption())
      .option('--to-namespace <name>', 'namespace of SERVICE; that of the client unless stated')
      .addOption(new Option('--port <port>', 'port of SERVICE, where it has several').argParser(readPort))
      .addOption(new Option('--path <path>', 'path and query of the request').default('/'))
      .option('--method <method>', 'its method; GET unless stated')
      .addOption(
        new Option('-H, --header <line>', 'a header of it, "name: value"; again for more')
          .argParser(collect)
          .default([], 'none'),
      )
      .option('--host <name>', 'its host; the name of SERVICE unless stated')
      .addOption(new Option('--grpc <method>', 'a call of gRPC instead: SERVICE/METHOD').conflicts(['path', 'method']))
      .option('--server-name <name>', 'for TLSRoutes: the name that the TLS of the application asks for')
      .addOption(outputOption(['text', 'json']))
      .action((words: string[], options: Options) => runWhy(words, options, deps))
  },
}

function collect(line: string, lines: readonly string[]): readonly string[] {
  return [...lines, line]
}

function readLimit(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit > 0 && limit <= MAX_FAILURES) return limit
  throw new InvalidArgumentError(`Expected a number from 1 to ${MAX_FAILURES}.`)
}

function readPort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port <= 65_535) return port
  throw new InvalidArgumentError('Expected a port from 1 to 65535.')
}

async function runWhy(words: readonly string[], options: Options, deps: CliDeps): Promise<void> {
  const { output, limit } = options
  if (words.length === 0 && options.lastFailures !== true) {
    throw new CliError('why what?', { hints: ['name a request by its id, CLIENT to SERVICE, or --last-failures'] })
  }
  if (options.lastFailures === true) {
    if (words.length > 0) throw new CliError('--last-failures asks for no request of its own: leave it or them out')
    const { whyFailures } = await import('./why/why-failures.ts')
    return withClient(deps, (client) =>
      whyFailures({ namespace: chosenNamespace(options), limit, output }, { client, deps }),
    )
  }
  const [first = ''] = words
  if (words.length === 1) {
    const { whyRequest } = await import('./why/why-request.ts')
    return withClient(deps, (client) => whyRequest(first, output, { client, deps }))
  }
  const { parseQuestion } = await import('./why/question.ts')
  const question = parseQuestion(words, options)
  const { whyHypothetical } = await import('./why/why-hypothetical.ts')
  return withClient(deps, (client) => whyHypothetical(question, output, { client, deps }))
}

type Client = Awaited<ReturnType<CliDeps['connect']>>

async function withClient(deps: CliDeps, ask: (client: Client) => Promise<void>): Promise<void> {
  const client = await deps.connect()
  await ask(client).finally(() => client.close())
}
