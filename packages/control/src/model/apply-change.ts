import type { MeshObject } from '@heddle/api/kinds'
import { objectKey } from '@heddle/api/kinds/meta'
import type { Service } from '@heddle/api/kinds/service'
import type { Workload } from '@heddle/api/kinds/workload'
import type { InstancesChange, ObjectChange } from '../sources/source.ts'
import { Consequences } from './consequences.ts'
import type { MeshTables } from './mesh-tables.ts'

/** A change on its way through the tables. */
interface Work {
  readonly tables: MeshTables
  readonly upserted: readonly MeshObject[]
  /** Those that were removed, as they were. */
  readonly gone: readonly MeshObject[]
  readonly consequences: Consequences
}

/** Takes a change over into the tables, whole. @returns the topics under which it is heard of */
export function applyChange(tables: MeshTables, change: ObjectChange): ReadonlySet<string> {
  const { upserted, removed, instances, addresses = [] } = change
  const gone = tables.objects.remove(removed)
  const replaced = tables.objects.set(upserted)
  const consequences = new Consequences(tables)
  const work: Work = { tables, upserted, gone, consequences }
  const touched = tables.traffic.apply([...gone, ...replaced], upserted)
  applyServices(work)
  applyAttachments(work, touched)
  applyWorkloads(work)
  if (instances !== undefined) applyInstances(work, instances)
  for (const one of addresses) {
    tables.addresses.set(one)
    consequences.ofAddresses(objectKey({ namespace: one.namespace, name: one.service }))
  }
  return consequences.topics
}

/** Works out the instances of `keys` anew. @returns the topics under which their change is heard of; none: nothing is different */
export function refreshInstances(tables: MeshTables, keys: Iterable<string>): ReadonlySet<string> {
  const consequences = new Consequences(tables)
  refresh({ tables, consequences }, keys)
  return consequences.topics
}

function refresh({ tables, consequences }: Pick<Work, 'tables' | 'consequences'>, keys: Iterable<string>): void {
  for (const change of tables.instances.refresh(keys)) consequences.ofInstance(change)
}

function applyServices({ tables, upserted, gone, consequences }: Work): void {
  const removed = gone.filter(isService).map(({ metadata }) => objectKey(metadata))
  for (const change of tables.services.apply(upserted.filter(isService), removed)) consequences.ofService(change)
}

/** @param touched - Services at which a route, policy or grant of the change says what is in force */
function applyAttachments({ tables, upserted, gone, consequences }: Work, touched: Set<string>): void {
  for (const { metadata } of [...gone, ...upserted].filter(isService)) {
    for (const key of tables.traffic.dependents(metadata)) touched.add(key)
  }
  for (const key of touched) consequences.ofAttachment(key)
}

function applyWorkloads({ tables, upserted, gone, consequences }: Work): void {
  const { workloads, instances } = tables
  const dirty = new Set<string>()
  const apply = ({ metadata }: Workload, after: Workload | undefined) => {
    const before = workloads.replace(metadata, after)
    for (const key of instances.workloadChanged(objectKey(metadata), before, after)) dirty.add(key)
    consequences.ofWorkload(before, after)
  }
  for (const workload of gone.filter(isWorkload)) apply(workload, undefined)
  for (const workload of upserted.filter(isWorkload)) apply(workload, workload)
  refresh({ tables, consequences }, dirty)
  for (const key of dirty) consequences.ofInbound(key)
}

function applyInstances({ tables, consequences }: Work, { upserted, removed }: InstancesChange): void {
  const gone = removed.map((ref) => tables.instances.removeGiven(ref))
  const given = upserted.map((instance) => tables.instances.setGiven(instance))
  refresh({ tables, consequences }, [...gone, ...given])
}

function isService(object: MeshObject): object is Service {
  return object.kind === 'Service'
}

function isWorkload(object: MeshObject): object is Workload {
  return object.kind === 'Workload'
}
