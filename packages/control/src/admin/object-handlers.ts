import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import type { AdminService } from '@heddle/api/admin'
import { translateDestination } from '../translate/destination.ts'
import type { AdminDeps } from './admin-handlers.ts'
import { applyObjects, requireStore } from './apply-objects.ts'
import { getAppliedEverywhere } from './get-applied.ts'
import { everywhere, getObject, listObjects } from './list-objects.ts'
import { planObjects } from './plan-objects.ts'

type ObjectMethods = 'listObjects' | 'getObject' | 'getDestination' | 'planObjects' | 'applyObjects' | 'getApplied'

/** The part of the admin service that is about the configuration. */
export function objectHandlers(deps: AdminDeps): Pick<ServiceImpl<typeof AdminService>, ObjectMethods> {
  const { model, source, ca, clock } = deps
  const { trustDomain } = ca
  const now = () => everywhere({ ...deps, nowMs: clock.nowMs() })
  return {
    listObjects: async (request) => ({ objects: listObjects(request, await now()) }),
    getObject: async ({ ref }) => ({ object: await getObject(ref, await now()) }),
    getDestination({ key, clientNamespace }) {
      if (key === '') throw new ConnectError('key: must be set', Code.InvalidArgument)
      return { destination: translateDestination(model.resolve(key, { namespace: clientNamespace }), { trustDomain }) }
    },
    planObjects: (request) => planObjects(request, requireStore(source), { model, clock, trustDomain }),
    applyObjects: (request) => applyObjects(request, deps),
    getApplied: (request) => getAppliedEverywhere(request, deps),
  }
}
