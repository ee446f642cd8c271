import { ResourceKind } from '@heddle/api/admin'
import type { Clock } from '@heddle/base/clock'
import type { ControlClient } from '../../client/control-client.ts'
import { CLIENT_VERSION } from '../client-version.ts'
import type { MeshFacts } from './check.ts'

/** Any will do: only the numbers of instances are looked at. */
const WINDOW_MS = 10_000

/**
 * Asks the control plane for all that the checks judge.
 *
 * @throws {CliError} when it does not answer
 */
export async function collectFacts({ admin }: ControlClient, clock: Clock): Promise<MeshFacts> {
  const resource = { kind: ResourceKind.DEPLOYMENT }
  const [version, { rows }, { instances }, { proxies }, { edges }, { objects }] = await Promise.all([
    admin.getVersion({}),
    admin.stat({ resource, windowMs: WINDOW_MS }),
    admin.listWorkloads({}),
    admin.listProxies({}),
    admin.edges({ resource }),
    admin.listObjects({ faultyOnly: true }),
  ])
  // By itself and last: what else is under way would count as a difference of clocks.
  const startUs = clock.monotonicUs()
  const health = await admin.getHealth({})
  return {
    clientVersion: CLIENT_VERSION,
    version,
    health,
    faultyObjects: objects,
    localNowMs: clock.nowMs(),
    roundTripMs: (clock.monotonicUs() - startUs) / 1000,
    deployments: rows,
    workloads: instances,
    proxies,
    edges,
  }
}
