import { formatNameKey, parseKey } from '@heddle/api/destination-key'
import type { DecisionRecord } from '@heddle/api/discovery/decision'
import type { ControlClient } from '../../client/control-client.ts'

/**
 * Records for people: transparent proxies write down the address that was called, and here its Service's name takes the place of it.
 * An address that belongs to no Service stays.
 */
export async function nameDestinations(
  { admin }: ControlClient,
  records: readonly DecisionRecord[],
): Promise<readonly DecisionRecord[]> {
  const names = new Map<string, string>()
  for (const { direction, key, namespace } of records) {
    if (direction === 'inbound' || names.has(key) || parseKey(key).kind !== 'address') continue
    const { destination } = await admin.getDestination({ key, clientNamespace: namespace })
    const { target } = destination ?? {}
    names.set(key, target?.case === 'service' ? formatNameKey(target.value, target.value.port) : key)
  }
  return records.map((record) => ({ ...record, key: names.get(record.key) ?? record.key }))
}
