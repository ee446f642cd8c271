import { parseDurationMs } from '@heddle/base/duration'
import { type Command, InvalidArgumentError, Option } from 'commander'

/** Options that several commands share, spelled as kubectl spells them. */

/** `-n, --namespace NAME`; where nothing is said that of the kubeconfig's context, and `default` outside of clusters. */
export class NamespaceOption extends Option {
  constructor() {
    super('-n, --namespace <name>', 'namespace to look at')
    this.default('default', "default; on a cluster that of the kubeconfig's context").env('HEDDLE_NAMESPACE')
  }
}

export const namespaceOption = (): Option => new NamespaceOption()

/** `-A, --all-namespaces` */
export const allNamespacesOption = (): Option => new Option('-A, --all-namespaces', 'look at every namespace')

/** `-o, --output FORMAT`, one of `formats`; the table is what is shown without it. */
export const outputOption = (formats: readonly string[] = ['table', 'wide', 'json']): Option =>
  new Option('-o, --output <format>', 'output format').choices(formats).default(formats[0])

export interface NamespaceChoice {
  readonly namespace: string
  readonly allNamespaces?: boolean
}

/** What {@link addListOptions} lets be chosen. */
export interface ListOptions extends NamespaceChoice {
  readonly output: string
}

/** The options of a command that lists things of namespaces. @param formats - the first is the default */
export function addListOptions(command: Command, formats?: readonly string[]): Command {
  return command.addOption(namespaceOption()).addOption(allNamespacesOption()).addOption(outputOption(formats))
}

/** The namespace to ask the control plane for: empty means all. */
export function chosenNamespace(options: NamespaceChoice): string {
  return options.allNamespaces === true ? '' : options.namespace
}

/** Reads a duration option like `30s` or `1h30m` as ms. */
export function readDurationMs(text: string): number {
  const durationMs = parseDurationMs(text)
  if (durationMs === undefined) throw new InvalidArgumentError('Expected a duration like 30s or 1h30m.')
  return durationMs
}
