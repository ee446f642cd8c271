import type { CliDeps, Command } from '../command.ts'
import { type ObjectFormat, objectFormatOption, printObjects } from './install/print-objects.ts'
import { addValueOptions, readValueFlags, toInstallValues, type ValueFlags } from './install/value-options.ts'

interface Options extends ValueFlags {
  readonly output: ObjectFormat
}

/** `heddle install-node-agent`: what redirects traffic in place of init containers with rights. */
export const installNodeAgent: Command = {
  register(program, deps) {
    const command = program
      .command('install-node-agent')
      .description('Print the agent that redirects traffic on every node, for pods that may not do it themselves.')
    addValueOptions(command)
      .addOption(objectFormatOption())
      .addHelpText('after', '\n  heddle install-node-agent | kubectl apply -f -')
      .action((options: Options) => run(options, deps))
  },
}

async function run(options: Options, deps: CliDeps): Promise<void> {
  const values = await toInstallValues(await readValueFlags(options, deps.cwd))
  const { renderNodeAgent } = await import('@heddle/kube/install/node-agent')
  await printObjects(renderNodeAgent(values), options.output, deps.terminal)
}
