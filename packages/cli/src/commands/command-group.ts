import type { Command as CommanderCommand } from 'commander'

/** Adds a command that has only subcommands. Without one it shows its help; an unknown one is an error that names those that there are. */
export function addGroup(program: CommanderCommand, name: string, description: string): CommanderCommand {
  const group = program.command(name).description(description)
  // Commander itself takes the help for an error, and with an action what follows the name for an argument too many.
  return group.allowExcessArguments().action(() => {
    const [word] = group.args
    if (word === undefined) group.outputHelp()
    else group.error(`error: unknown command '${word}'\n(heddle ${name} has ${namesOf(group)})`)
  })
}

function namesOf({ commands }: CommanderCommand): string {
  const names = commands.map((command) => command.name())
  const last = names.pop() ?? ''
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`
}
