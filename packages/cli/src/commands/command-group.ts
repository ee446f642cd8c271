import type { Command as CommanderCommand } from 'commander'

/** Adds a command that has only subcommands. Without one it shows its help; an unknown one is an error that names those that there are. */
export function addGroup(program: CommanderCommand, name: string, description: string): CommanderCommand {
  const group = program.command(name).description(description).usage('[options] [command]')
  // Commander itself takes the help for an error, and with an action what follows the name for an argument or option too many. Arguments are
  // declared, since its subcommands would inherit that any excess of them is allowed.
  return group
    .argument('[words...]')
    .allowUnknownOption()
    .action((words: readonly string[]) => {
      const [word] = words
      if (word === undefined) group.outputHelp()
      else if (word.startsWith('-')) group.error(`error: unknown option '${word}'`)
      else group.error(`error: unknown command '${word}'\n(heddle ${name} has ${namesOf(group)})`)
    })
}

function namesOf({ commands }: CommanderCommand): string {
  const names = commands.map((command) => command.name())
  const last = names.pop() ?? ''
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`
}
