import type { Argument, Command as CommanderCommand, Option } from 'commander'
import type { CliDeps } from './command.ts'
import { COMMANDS } from './commands/registry.ts'
import { createProgram } from './run-cli.ts'

const INTRODUCTION = `# The command line

\`heddle\` is \`bin/heddle\` of a checkout; it needs no build and works from any directory. Results go to stdout, progress and
errors to stderr. The exit status is 0 when what was asked for was done, else 1. \`heddle run\` ends with the status of its command, \`heddle proxy\` with that of
the [proxy](proxy-environment.md#how-it-ends), those of \`heddle diff\` are told there.
Colours appear only on a terminal, and never with \`NO_COLOR\` set.

Commands that ask the control plane find it by themselves: that of the mesh which runs on this host (with several, \`--mesh NAME\` chooses), else that in
the cluster of the kubeconfig. A flag that names a cluster goes before ([how it is reached](../tasks/run-on-kubernetes.md#how-the-command-line-reaches-the-control-plane)).

| variable | what for |
| --- | --- |
| \`HEDDLE_HOME\` | Where meshes keep their state: authority, logs, what is running. Default: \`$XDG_STATE_HOME/heddle\`, else \`~/.local/state/heddle\` |
| \`KUBECONFIG\` | Files with clusters and credentials, as kubectl has it. Default: \`~/.kube/config\` |
| \`HEDDLE_NAMESPACE\` | Namespace where \`-n\` is not given |
| \`HEDDLE_JOIN_TOKEN\` | Join token of \`heddle run --control\` |
| \`HEDDLE_PROXY_UID\` | User id of proxies in transparent mode. Default: 2102 |
| \`HEDDLE_LOG_LEVEL\`, \`HEDDLE_ACCESS_LOG\`, \`HEDDLE_*_MS\`, … | Passed on to every proxy: see [proxy-environment.md](proxy-environment.md) |
| \`HEDDLE_DEBUG\` | Set: errors come with a stack trace |
| \`NO_COLOR\` | Set: no colours |
`

/** docs/reference/cli.md, from the commands themselves. */
export function renderCliReference(): string {
  const program = createProgram()
  for (const command of COMMANDS) command.register(program, {} as CliDeps)
  return [INTRODUCTION, renderGlobalOptions(program), ...leaves(program).map(renderCommand)].join('\n')
}

function renderGlobalOptions(program: CommanderCommand): string {
  const options = program.createHelp().visibleOptions(program)
  const rows = renderOptions(options.filter((option) => option.long !== '--help'))
  return `## Options of every command\n\n${rows.join('\n')}\n`
}

/** Commands that do something themselves. */
function leaves(command: CommanderCommand): readonly CommanderCommand[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves)
}

function pathOf(command: CommanderCommand): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

function renderCommand(command: CommanderCommand): string {
  const parts = [`## ${pathOf(command)}`, '', sentence(command.description()), '']
  parts.push('```', `${pathOf(command)} ${command.usage()}`, '```', '')
  if (command.registeredArguments.length > 0) parts.push(...renderArguments(command.registeredArguments), '')
  const options = command.createHelp().visibleOptions(command)
  parts.push(...renderOptions(options.filter((option) => option.long !== '--help')))
  return `${parts.join('\n').trimEnd()}\n`
}

function renderArguments(args: readonly Argument[]): readonly string[] {
  return args.map(
    (argument) => `- \`${argument.name()}\`: ${sentence(argument.description)}${choices(argument.argChoices)}`,
  )
}

function renderOptions(options: readonly Option[]): readonly string[] {
  if (options.length === 0) return []
  const rows = options.map((option) => `| \`${option.flags}\` | ${aboutOption(option)} |`)
  return ['| option | |', '| --- | --- |', ...rows]
}

function aboutOption(option: Option): string {
  const { defaultValue, description, argChoices } = option
  const isWorthSaying = typeof defaultValue === 'string' || typeof defaultValue === 'number'
  const fallback = isWorthSaying ? ` Default: \`${option.defaultValueDescription ?? defaultValue}\`.` : ''
  return `${sentence(description)}${choices(argChoices)}${fallback}`.replaceAll('|', '\\|')
}

function choices(all: readonly string[] | undefined): string {
  return all === undefined ? '' : ` One of ${all.map((choice) => `\`${choice}\``).join(', ')}.`
}

/** Help texts begin small and end without a full stop. */
function sentence(text: string): string {
  const whole = `${text.charAt(0).toUpperCase()}${text.slice(1)}`
  return /[.?]$/.test(whole) ? whole : `${whole}.`
}
