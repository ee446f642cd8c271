import { CliError } from '../cli-error.ts'
import type { WorldFlags } from '../client/world-flags.ts'
import type { CliDeps, Command } from '../command.ts'
import { type ManualFlags, manualValues } from './inject/manual-values.ts'
import { addEditOptions, type Edit, type EditFlags, runEdit } from './inject/run-edit.ts'
import { addSettingOptions, annotationsOf, wishFor } from './inject/setting-options.ts'
import { addValueOptions } from './install/value-options.ts'

interface Options extends EditFlags, ManualFlags, Readonly<Record<string, unknown>> {
  readonly manual?: boolean
}

/** `heddle inject`: manifests in, the same manifests with proxies out. */
export const inject: Command = {
  register(program, deps) {
    const command = program
      .command('inject')
      .description('Print manifests with a proxy asked for in every pod that they make, for "kubectl apply -f -".')
    addEditOptions(command).option('--manual', 'put the whole sidecar in, instead of asking for it by an annotation')
    addValueOptions(command).option(
      '--trust-bundle <file>',
      'with --manual: do not ask the cluster; certificates (PEM)',
    )
    addSettingOptions(command)
      .addHelpText('after', HELP)
      .action(async (names: string[], options: Options) => {
        const edit = await toEdit(options, program.opts<WorldFlags>().heddleNamespace, deps)
        await runEdit(names, { ...options, edit }, deps)
      })
  },
}

const HELP = `
  kubectl get deploy -n shop -o yaml | heddle inject - | kubectl apply -f -
  heddle inject https://example.com/shop.yaml | kubectl apply -f -
  heddle inject --manual --proxy-log-level debug web.yaml`

async function toEdit(options: Options, namespace: string, deps: CliDeps): Promise<Edit> {
  if (options.manual !== true) {
    refuseManualFlags(options)
    const { annotateWorkload } = await import('@heddle/kube/inject/annotate')
    const wish = wishFor(options)
    return { done: 'injected', change: (object) => annotateWorkload(object, wish) }
  }
  const { injectWorkload } = await import('@heddle/kube/inject/workload')
  const rules = {
    values: await manualValues(options, namespace, deps),
    namespaceAnnotations: {},
    annotations: annotationsOf(options),
    optIn: 'always',
    earlier: 'replace',
  } as const
  return { done: 'injected', change: (object) => injectWorkload(object, rules) }
}

/** They would do nothing. */
function refuseManualFlags({ ha = false, values = [], set = [], trustBundle }: ManualFlags): void {
  if (!ha && values.length + set.length === 0 && trustBundle === undefined) return
  throw new CliError('values of the installation matter with --manual only', {
    hints: ['without it the webhook of the cluster puts the proxy in, with the values that it was installed with'],
  })
}
