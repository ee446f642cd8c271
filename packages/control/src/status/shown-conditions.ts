import type { MeshObject } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import { isRoute } from '@heddle/api/kinds/route'
import { isServiceRef } from '@heddle/api/kinds/route-refs'
import type { DiscoveryHub } from '../discovery/discovery-hub.ts'
import type { Model } from '../model/model.ts'
import { countHoldersOf, type HolderCounts } from '../replicas/holders.ts'
import { type ObjectCondition, objectConditions } from './object-conditions.ts'

/** A condition as it is shown. */
export interface ShownCondition extends Pick<ObjectCondition, 'index' | 'about' | 'message'> {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
}

/** Where conditions come from. */
export interface ConditionSources {
  readonly model: Model
  readonly hub: Pick<DiscoveryHub, 'streamsOf'>
  /** Of proxies that are connected to other replicas; left out: there are none. */
  readonly elsewhere?: HolderCounts
  readonly nowMs: number
}

/** The conditions of an object, and of a route that is accepted whether the proxies concerned have applied it. */
export function shownConditions(object: MeshObject, sources: ConditionSources): ShownCondition[] {
  const { model, nowMs } = sources
  const conditions: ShownCondition[] = objectConditions(object, { lookup: model.lookup, nowMs })
  if (!isRoute(object)) return conditions
  return object.spec.parentRefs.flatMap((ref, index) => {
    const own = conditions.filter((condition) => condition.index === index)
    const accepted = own.find(({ type, status }) => type === 'Accepted' && status === 'True')
    if (accepted === undefined || !isServiceRef(ref)) return own
    return [...own, { ...accepted, ...programmed(sources, { ...ref, kind: 'Service' }) }]
  })
}

/** Whether all who hold a destination of the Service have applied what they were told. */
function programmed({ model, hub, elsewhere }: ConditionSources, service: ObjectRef) {
  const here = countHoldersOf(service, { model, hub })
  const others = elsewhere?.get(`${service.namespace}/${service.name}`) ?? { proxies: 0, applied: 0 }
  const proxies = here.proxies + others.proxies
  const applied = here.applied + others.applied
  const type = 'Programmed'
  if (proxies === 0) {
    return { type, status: 'Unknown', reason: 'Pending', message: 'no proxy has asked for the Service yet' } as const
  }
  if (applied === proxies) {
    return { type, status: 'True', reason: type, message: `applied by all of ${count(applied)} that hold it` } as const
  }
  const message = `applied by ${applied} of ${count(proxies)} that hold it`
  return { type, status: 'False', reason: 'Pending', message } as const
}

function count(proxies: number): string {
  return `${proxies} ${proxies === 1 ? 'proxy' : 'proxies'}`
}
