import type { MessageInitShape } from '@bufbuild/protobuf'
import type { StatRequestSchema } from '@heddle/api/admin'
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
  const { to, from, timeWindow } = options
  const namespace = chosenNamespace(options)
  return {
    resource: toRef(choice, namespace),
    windowMs: timeWindow,
    ...(to !== undefined && { to: toRef(parseResource(to), options.toNamespace ?? namespace) }),
    ...(from !== undefined && { from: toRef(parseResource(from), options.fromNamespace ?? namespace) }),
  }
}

function toRef({ kind, name }: ResourceChoice, namespace: string) {
  return { kind, name, namespace: isNamespaced(kind) ? namespace : '' }
}
