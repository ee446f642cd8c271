import { formatAddressKey, formatNameKey } from '@heddle/api/destination-key'
import type { ControlClient } from '../../client/control-client.ts'
import { compileDestination, type DestinationRouting } from '../routing/destination-routing.ts'
import type { PlannedDestination } from './compare-routing.ts'
import type { ReplayedRecord } from './replay.ts'

/** How far back, and how many at most. */
export interface RecordedQuestion {
  readonly sinceMs: number
  readonly limit: number
}

/** Recorded requests that a change is about, and who was asked for them. */
export interface RecordedRequests {
  readonly records: readonly ReplayedRecord[]
  readonly asked: number
  /** NAMESPACE/INSTANCE of those that did not answer. */
  readonly silent: readonly string[]
}

/** Asks the proxies for recent requests to destinations that would change. */
export async function askRecorded(
  client: ControlClient,
  planned: readonly PlannedDestination[],
  { sinceMs, limit }: RecordedQuestion,
): Promise<RecordedRequests> {
  const keys = [...new Set(planned.map(({ key }) => key))]
  if (keys.length === 0) return { records: [], asked: 0, silent: [] }
  // Transparent proxies are asked by address, so their records are, too.
  const names = await namesByAddress(client, new Set(keys))
  const query = { keys: [...keys, ...names.keys()], limit, sinceMs: BigInt(Math.max(0, Math.floor(sinceMs))) }
  const { records, asked, silent } = await client.admin.listDecisions({ query })
  const views = new ClientViews(client, planned)
  const replayed: ReplayedRecord[] = []
  for (const record of records) {
    if (record.direction === 'inbound') continue
    const view = await views.of(names.get(record.key) ?? record.key, record.namespace)
    if (view !== undefined) replayed.push({ record, ...view })
  }
  return { records: replayed, asked, silent }
}

/** Keys by the virtual addresses of the Services that `keys` name, each with the key by name. */
async function namesByAddress(client: ControlClient, keys: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>()
  const { services } = await client.admin.listServices({ namespace: '' })
  for (const service of services) {
    for (const port of service.ports) {
      const key = formatNameKey(service, port)
      if (!keys.has(key)) continue
      for (const ip of service.clusterIps) names.set(formatAddressKey(ip, port), key)
    }
  }
  return names
}

interface View {
  readonly before: DestinationRouting
  readonly after: DestinationRouting
}

/** What is and would be in force for the clients of a namespace. */
class ClientViews {
  readonly #client: ControlClient
  readonly #planned: readonly PlannedDestination[]
  readonly #known = new Map<string, View | undefined>()

  constructor(client: ControlClient, planned: readonly PlannedDestination[]) {
    this.#client = client
    this.#planned = planned
  }

  async of(key: string, namespace: string): Promise<View | undefined> {
    const name = `${namespace} ${key}`
    if (!this.#known.has(name)) this.#known.set(name, await this.#find(key, namespace))
    return this.#known.get(name)
  }

  async #find(key: string, namespace: string): Promise<View | undefined> {
    const own = this.#planned.find((one) => one.key === key && one.clientNamespace === namespace)
    if (own !== undefined) return own
    const common = this.#planned.find((one) => one.key === key && one.clientNamespace === '')
    if (common === undefined) return undefined
    // A namespace with routes of its own, which do not change, is not concerned by what is for all others.
    const { destination } = await this.#client.admin.getDestination({ key, clientNamespace: namespace })
    return routesOf(compileDestination(destination)) === routesOf(common.before) ? common : undefined
  }
}

function routesOf(routing: DestinationRouting): string {
  return JSON.stringify('service' in routing ? (routing.service.routes ?? []) : routing)
}
