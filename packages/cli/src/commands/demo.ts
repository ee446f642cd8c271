import type { CliDeps, Command } from '../command.ts'
import { meshOptions, type UpFlags } from './up.ts'

/** `heddle demo` */
export const demo: Command = {
  register(program, deps) {
    const command = program
      .command('demo')
      .description('Run the demo application in a mesh and watch its golden metrics.')
    for (const option of meshOptions('default')) command.addOption(option)
    command.addHelpText('after', '\nWith --for the exit status is 0 only if every workload was secured and answered.')
    command.action((flags: UpFlags) => runDemo(flags, deps))
  },
}

async function runDemo(flags: UpFlags, deps: CliDeps): Promise<void> {
  const { demo: bringUp } = await import('../demo/demo.ts')
  // Its verdict is about this run alone.
  const options = {
    ...flags,
    forMs: flags.for,
    leafLifeMs: flags.leafLife,
    hasTable: flags.table,
    forgetsMeasurements: true,
  }
  deps.setExitStatus(await bringUp(options, deps))
}
