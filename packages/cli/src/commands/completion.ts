import { Argument, type Command as CommanderCommand } from 'commander'
import type { Command } from '../command.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

const HELP = `
To load it in the shell you are in:
  bash:  source <(heddle completion bash)
  zsh:   source <(heddle completion zsh)
  fish:  heddle completion fish | source
Put that line into ~/.bashrc, ~/.zshrc or ~/.config/fish/config.fish to have it always.`

/** `heddle completion`: a script with which a shell completes commands and flags. */
export const completion: Command = {
  register(program, { terminal }) {
    program
      .command('completion')
      .description('Write a completion script for a shell.')
      .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
      .addHelpText('after', HELP)
      .action(async (shell: Shell) => terminal.write(await formatCompletion(shell, program)))
  },
}

/** The script, for all that `program` has when this is called. */
async function formatCompletion(shell: Shell, program: CommanderCommand): Promise<string> {
  const { toCommandTree } = await import('./completion/command-tree.ts')
  const tree = toCommandTree(program)
  switch (shell) {
    case 'bash':
      return (await import('./completion/bash.ts')).formatBash(tree)
    case 'zsh':
      return (await import('./completion/zsh.ts')).formatZsh(tree)
    case 'fish':
      return (await import('./completion/fish.ts')).formatFish(tree)
  }
}
