import { Option } from 'commander'
import type { CliDeps, Command } from '../command.ts'
import type { RunOptions } from '../run/run.ts'
import { parseLabelFlag, parseNameFlag, parsePortFlag, parseUpstreamFlag } from '../run/run-flags.ts'

/** `heddle run -- COMMAND` */
export const run: Command = {
  register(program, deps) {
    const command = program
      .command('run')
      .usage('[options] -- <command> [args...]')
      .argument('<command...>', 'the application, as it is called without a mesh')
      .description('Run a process with a sidecar that shares its life: it joins the mesh, and leaves it at its end.')
    for (const option of [...identityOptions(), ...trafficOptions(), ...controlOptions()]) command.addOption(option)
    command.addHelpText('after', EXAMPLES)
    command.action((application: readonly string[], options: RunOptions) => runProcess(application, options, deps))
  },
}

const EXAMPLES = `
Examples:
  heddle run --name shop --port port=8080 -- node shop.js
  heddle run --name bot --upstream web-svc.emojivote:80=WEB_HOST -- ./bot`

async function runProcess(application: readonly string[], options: RunOptions, deps: CliDeps): Promise<void> {
  const { run: runWithSidecar } = await import('../run/run.ts')
  deps.setExitStatus(await runWithSidecar(application, options, deps))
}

function identityOptions(): readonly Option[] {
  return [
    new Option('--name <name>', 'name of the workload (default: name of the program)').argParser(parseNameFlag),
    new Option('-n, --namespace <name>', 'namespace of the workload').default('default').argParser(parseNameFlag),
    new Option('--service-account <name>', 'its identity').default('default').argParser(parseNameFlag),
    new Option('--label <name=value>', 'a label, which Services select by; repeatable (default: app=NAME)')
      .default([], 'none')
      .argParser(gather(parseLabelFlag)),
  ]
}

function trafficOptions(): readonly Option[] {
  return [
    new Option('--port <port>', 'a port it serves, like name=http,port=8080,app=127.0.0.1:8080; repeatable')
      .default([], 'none')
      .argParser(gather(parsePortFlag)),
    new Option('--upstream <upstream>', 'what it calls, like web-svc.emojivote:80=WEB_HOST; repeatable')
      .default([], 'none')
      .argParser(gather(parseUpstreamFlag)),
  ]
}

function controlOptions(): readonly Option[] {
  return [
    new Option(
      '--mode <mode>',
      'how traffic comes into the proxy; transparent: in a network namespace of a mesh that is up here',
    )
      .choices(['explicit', 'transparent'])
      .default('explicit'),
    new Option('--control <host:port>', 'the control plane (default: the one that runs on this host)'),
    new Option('--trust-bundle <file>', 'certificates by which it is verified, PEM'),
    new Option('--token-file <file>', 'join token (default: HEDDLE_JOIN_TOKEN)'),
    new Option('--trust-domain <name>', 'trust domain of the mesh (default: heddle.local)'),
    new Option('--control-identity <id>', 'SPIFFE id of the control plane (default: the usual one)'),
  ]
}

/** Makes an option repeatable. */
function gather<T>(parse: (text: string) => T): (text: string, before: readonly T[]) => readonly T[] {
  return (text, before) => [...before, parse(text)]
}
