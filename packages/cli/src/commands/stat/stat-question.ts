import type { MessageInitShape } from '@bufbuild/protobuf'
import type { StatRequestSchema } from '@heddle/api/admin'
import type { PlacedChoice } from '../known-resource.ts'
import { parseResource, type ResourceChoice } from '../resource-argument.ts'
import { chosenNamespace, type NamespaceChoice } from '../resource-options.ts'
import { isNamespaced } from './stat-view.ts'

/** The options of `stat` that decide what is asked. */
export interface StatOptions extends NamespaceChoice {
  readonly timeWindow: number
  readonly to?: string
  readonly toNamespace?: string
  readonly from?: string
  readonly fromNamespace?: string
}

/**
 * What to ask the control plane for.
 *
 * @throws {CliError} when a resource makes no sense
 */
export function toStatRequest(
  choice: ResourceChoice,
  options: StatOptions,
): MessageInitShape<typeof StatRequestSchema> {
  return {
    resource: toRef(choice, chosenNamespace(options)),
    windowMs: options.timeWindow,
    ...peers(options),
  }
}

/** With `--to` or `--from`: both ends of the traffic. */
export function trafficEnds(choice: ResourceChoice, options: StatOptions): readonly PlacedChoice[] {
  const others = Object.values(peers(options))
  return others.length === 0 ? [] : [toRef(choice, chosenNamespace(options)), ...others]
}

function peers(options: StatOptions): { readonly to?: PlacedChoice; readonly from?: PlacedChoice } {
  const { to, from } = options
  const namespace = chosenNamespace(options)
  return {
    ...(to !== undefined && { to: toRef(parseResource(to), options.toNamespace ?? namespace) }),
    ...(from !== undefined && { from: toRef(parseResource(from), options.fromNamespace ?? namespace) }),
  }
}

function toRef({ kind, name }: ResourceChoice, namespace: string): PlacedChoice {
  return { kind, name, namespace: isNamespaced(kind) ? namespace : '' }
}
