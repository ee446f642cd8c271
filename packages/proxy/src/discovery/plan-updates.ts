import type { DestinationUpdateJson } from '@heddle/api/discovery'
import { messageOf } from '@heddle/base/message-of'
import type { LoadedCode } from '../routing/later-code.ts'
import type { Destination } from '../workload.ts'
import { applyDelta, type DestinationContext, toDestination } from './destination-json.ts'

/** What a message makes of what is held. It is applied whole or, with problems, not at all. */
export interface UpdatePlan {
  readonly next: ReadonlyMap<string, Destination>
  /** Keys whose delta builds on something that is not held: they must be asked for in full. */
  readonly outdated: readonly string[]
  /** One sentence for each thing that makes no sense. */
  readonly problems: readonly string[]
}

/**
 * Decides what `updates` make of what is `held`.
 *
 * @param code - only wanted where something is attached to a Service
 */
export function planUpdates(
  updates: readonly DestinationUpdateJson[],
  held: (key: string) => Destination | undefined,
  code?: LoadedCode,
): UpdatePlan {
  const next = new Map<string, Destination>()
  const outdated: string[] = []
  const problems: string[] = []
  for (const update of updates) {
    const { key = '' } = update
    try {
      const destination = planOne(update, { held: next.get(key) ?? held(key), code })
      if (destination === undefined) outdated.push(key)
      else next.set(key, destination)
    } catch (error) {
      // Not only what is checked: whatever is made of nonsense, the message is refused, and the proxy goes on.
      problems.push(`${key}: ${messageOf(error)}`)
    }
  }
  return { next, outdated, problems }
}

function planOne(update: DestinationUpdateJson, context: DestinationContext): Destination | undefined {
  if (update.destination !== undefined) return toDestination(update.destination, context)
  if (update.delta === undefined) throw new RangeError('neither destination nor delta')
  const base = context.held
  if (base?.kind !== 'service' || base.version !== update.delta.baseVersion) return undefined
  return applyDelta(base, update.delta)
}

/**
 * Gives `held` the content of `next`. The object stays the same, since balancer and pools hang their state on it; its
 * endpoints as well, where they are equal.
 */
export function replaceContent(held: Destination, next: Destination): void {
  const target = held as unknown as Record<string, unknown>
  const content: Destination =
    next.kind === 'service' && held.kind === 'service' ? keepEqualEndpoints(held, next) : next
  for (const name of Object.keys(target)) {
    if (!Object.hasOwn(content, name)) delete target[name]
  }
  Object.assign(target, content)
}

type Service = Extract<Destination, { readonly kind: 'service' }>

function keepEqualEndpoints(held: Service, next: Service): Service {
  const known = new Map(held.endpoints.map((endpoint) => [endpoint.id, endpoint]))
  const endpoints = next.endpoints.map((endpoint) => {
    const before = known.get(endpoint.id)
    return before !== undefined && JSON.stringify(before) === JSON.stringify(endpoint) ? before : endpoint
  })
  return { ...next, endpoints }
}
