import { CliError } from '../cli-error.ts'
import type { ControlClient } from '../client/control-client.ts'
import { describeChoice, type ResourceChoice } from './resource-argument.ts'

/** Said below "no such resource". */
export const ELSEWHERE_HINT = 'other namespaces are shown with -n NAME or -A'

const SHORTEST_WINDOW_MS = 10_000

/** A resource, or all of a kind, and the namespace it is in. */
export interface PlacedChoice extends ResourceChoice {
  /** Empty: any. */
  readonly namespace: string
}

/**
 * Tells "there was no traffic" from "there is no such resource".
 *
 * @throws {CliError} when one was asked for by name and does not exist
 */
export async function requireKnown(client: ControlClient, resource: PlacedChoice): Promise<void> {
  if (resource.name === '') return
  const { rows } = await client.admin.stat({ resource, windowMs: SHORTEST_WINDOW_MS })
  if (rows.length > 0) return
  throw new CliError(`no ${describeChoice(resource, resource.namespace)}`, { hints: [ELSEWHERE_HINT] })
}
