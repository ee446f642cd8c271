import { messageOf } from '@heddle/base/message-of'
import { Command as CommanderCommand, CommanderError } from 'commander'
import { CliError } from './cli-error.ts'
import { addWorldFlags, type WorldFlags } from './client/world-flags.ts'
import type { CliDeps, Command } from './command.ts'
import { CLIENT_VERSION } from './commands/client-version.ts'
import { NamespaceOption } from './commands/resource-options.ts'
import type { Terminal } from './output/terminal.ts'

const DESCRIPTION = 'A service mesh that explains itself: one command on one host, the same YAML on a cluster.'

/**
 * Runs the command that `args` (without runtime and script) names.
 *
 * @returns the exit status: 0 when it did what was asked, 1 when not, or what the command has set
 */
export async function runCli(args: readonly string[], commands: readonly Command[], wire: Wire): Promise<number> {
  let exitStatus = 0
  const program = createProgram()
  const deps = wire.deps({
    worldFlags: () => program.opts<WorldFlags>(),
    setExitStatus: (status) => {
      exitStatus = status
    },
  })
  for (const command of commands) command.register(program, deps)
  program.hook('preAction', (_program, command) => fillNamespace(command, deps))
  configureAll(program, wire.terminal)
  if (args.length === 0) {
    program.outputHelp()
    return 0
  }
  try {
    await program.parseAsync(withoutVainHelp(args, program), { from: 'user' })
    return exitStatus
  } catch (error) {
    return reportFailure(error, wire)
  }
}

/** `help NAME` of an unknown command is told like that command: Commander would print the whole help and fail without a word. */
function withoutVainHelp(args: readonly string[], program: CommanderCommand): readonly string[] {
  const [first, name] = args
  if (first !== 'help' || name === undefined) return args
  return program.commands.some((command) => command.name() === name) ? args : args.slice(1)
}

/** On a cluster commands look where the kubeconfig's context does, unless told otherwise. */
async function fillNamespace(command: CommanderCommand, deps: CliDeps): Promise<void> {
  const isFree = command.getOptionValueSource('namespace') === 'default'
  if (!isFree || !command.options.some((option) => option instanceof NamespaceOption)) return
  // Where no mesh is found the command itself says so.
  const world = await deps.world().catch(() => undefined)
  if (world?.kind === 'cluster') command.setOptionValueWithSource('namespace', world.cluster.namespace, 'default')
}

/** What {@link runCli} needs of its caller; flags are known only after parsing. */
export interface Wire {
  readonly terminal: Terminal
  readonly isDebugging: boolean
  deps(binding: CliBinding): CliDeps
}

export interface CliBinding {
  worldFlags(): WorldFlags
  setExitStatus(status: number): void
}

/** The program without its commands; the reference in docs/ is generated from it. */
export function createProgram(): CommanderCommand {
  const program = new CommanderCommand('heddle')
  program.description(DESCRIPTION)
  program.version(
    CLIENT_VERSION,
    '--version',
    'show the version of the command line, as "heddle version --client" does',
  )
  addWorldFlags(program)
  program.addHelpText(
    'after',
    '\nStart with "heddle demo", or "heddle up DIR" for an application of your own; on Kubernetes with "heddle check --pre".',
  )
  return program
}

/** Each command keeps its own output and exit behaviour, so all of them have to be told. */
function configureAll(command: CommanderCommand, terminal: Terminal): void {
  command.exitOverride().showSuggestionAfterError()
  command.configureOutput({
    writeOut: (text) => terminal.write(text),
    writeErr: (text) => terminal.note(text.trimEnd()),
    outputError: (text, write) =>
      write(`${withArgument(withOwnWord(text), command).trimEnd()}\nsee "${pathOf(command)} --help"`),
  })
  for (const child of command.commands) configureAll(child, terminal)
}

/** What people who come from another mesh type, and what it is here; docs/tasks has whole tables. */
const OWN_WORDS: Readonly<Record<string, string>> = {
  analyze: 'heddle validate FILE, and heddle check',
  dashboard: 'heddle stat deploy -w',
  profile: 'an HTTPRoute: heddle apply -f FILE',
  'proxy-config': 'heddle endpoints, and heddle why CLIENT to SERVICE',
  'proxy-status': 'heddle check --proxy',
  routes: 'heddle why --last-failures',
  tap: 'heddle why --last-failures',
  top: 'heddle stat deploy -w',
  viz: 'heddle stat, heddle edges and heddle why',
}

/** A command whose name is like that of another one is seldom what was meant by these. */
function withOwnWord(text: string): string {
  const name = /^error: unknown command '([a-z-]+)'/.exec(text)?.[1] ?? ''
  if (!Object.hasOwn(OWN_WORDS, name)) return text
  return `error: unknown command '${name}'\n(Here it is ${OWN_WORDS[name]})`
}

/** Of a missing argument it is said what it may be. */
function withArgument(text: string, command: CommanderCommand): string {
  const name = /^error: missing required argument '([^']+)'/.exec(text)?.[1]
  const description = command.registeredArguments.find((argument) => argument.name() === name)?.description ?? ''
  return description === '' ? text : `${text.trimEnd()}\n(${name}: ${description})`
}

function pathOf(command: CommanderCommand): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

function reportFailure(error: unknown, wire: Wire): number {
  const { terminal } = wire
  // Commander has printed its own errors, and help and version end this way as well.
  if (error instanceof CommanderError) return error.exitCode
  terminal.note(`${terminal.noteStyle.red('error:')} ${messageOf(error)}`)
  const isExpected = error instanceof CliError
  if (isExpected) for (const hint of error.hints) terminal.note(`  ${hint}`)
  if (error instanceof Error && (wire.isDebugging || !isExpected)) terminal.note(error.stack ?? '')
  return isExpected ? error.exitStatus : 1
}
