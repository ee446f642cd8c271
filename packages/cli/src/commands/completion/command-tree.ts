import type { Argument, Command as CommanderCommand, Option } from 'commander'
import { OBJECT_WORDS } from '../objects/object-argument.ts'
import { RESOURCE_WORDS } from '../resource-argument.ts'

/** A command as a shell completes it. */
export interface CommandNode {
  /** Words from the program on: `heddle`, `heddle token`. */
  readonly path: string
  readonly description: string
  readonly children: readonly CommandNode[]
  readonly flags: readonly FlagNode[]
  /** Words offered for the first argument. */
  readonly words: readonly string[]
  /** Whether arguments are files, or what the shell itself knows better. */
  readonly takesFiles: boolean
}

export interface FlagNode {
  readonly short: string | undefined
  readonly long: string
  readonly description: string
  readonly takesValue: boolean
  /** What the value can be; empty: anything. */
  readonly choices: readonly string[]
}

/**
 * Everything that can be completed, out of the program's own definition, so that it is never out of date.
 *
 * @param inherited - flags of the commands above, which may stand here as well
 */
export function toCommandTree(command: CommanderCommand, above = '', inherited: readonly FlagNode[] = []): CommandNode {
  const path = `${above} ${command.name()}`.trim()
  const own = command.options.filter(({ hidden }) => !hidden).map(toFlag)
  const flags = [...own, ...inherited]
  const visible = command.createHelp().visibleCommands(command)
  return {
    path,
    description: firstSentence(command.description()),
    children: visible.filter((child) => child.name() !== 'help').map((child) => toCommandTree(child, path, flags)),
    flags: [...flags, HELP].filter(isFirstOfName),
    words: wordsOf(command.registeredArguments[0]),
    takesFiles: command.registeredArguments.some((argument) => FILE_ARGUMENTS.includes(argument.name())),
  }
}

const HELP: FlagNode = { short: '-h', long: '--help', description: 'show help', takesValue: false, choices: [] }

function toFlag(option: Option): FlagNode {
  return {
    short: option.short,
    long: option.long ?? option.short ?? '',
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
  }
}

function isFirstOfName(flag: FlagNode, at: number, all: readonly FlagNode[]): boolean {
  return all.findIndex(({ long }) => long === flag.long) === at
}

/** Commander's arguments have no kind, so their names in the help say what they are. */
const FILE_ARGUMENTS: readonly string[] = ['file', 'dir', 'directory', 'path', 'command']

function wordsOf(argument: Argument | undefined): readonly string[] {
  if (argument?.name() === 'resource') return RESOURCE_WORDS
  if (argument?.name() === 'kind') return OBJECT_WORDS
  return argument?.argChoices ?? []
}

function firstSentence(text: string): string {
  return text.split(/\.\s|\.$/)[0] ?? ''
}

/** A command and all below it. */
export function flatten(node: CommandNode): readonly CommandNode[] {
  return [node, ...node.children.flatMap(flatten)]
}
