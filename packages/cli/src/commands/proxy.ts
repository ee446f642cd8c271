import { resolve } from 'node:path'
import type { CliDeps, Command } from '../command.ts'

/** `heddle proxy --static FILE` */
export const proxy: Command = {
  register(program, deps) {
    program
      .command('proxy')
      .requiredOption('--static <file>', 'listeners, destinations and identity files, in YAML or JSON')
      .description('Run one proxy from a file, without a control plane.')
      .action((options: { static: string }) => runStatic(options.static, deps))
  },
}

async function runStatic(file: string, deps: CliDeps): Promise<void> {
  const { runStaticProxy } = await import('../run/static-proxy.ts')
  deps.setExitStatus(await runStaticProxy(resolve(deps.cwd, file), deps))
}
