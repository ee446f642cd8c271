import type { HostPort } from '@heddle/base/host-port'
import { keepAuthority, lookAtAuthority } from '../ca/keep-authority.ts'
import { countHoldersElsewhere } from '../replicas/holders.ts'
import type { Api, Serving } from '../server/listen-api.ts'
import { writeStatuses } from '../status/status-writer.ts'
import type { ClusterParts } from './cluster-parts.ts'
import { followAuthority } from './follow-authority.ts'
import { followInstallValues } from './install-config.ts'
import { keepTrustBundle } from './keep-trust-bundle.ts'
import { serveWebhooks } from './serve-webhooks.ts'

/** What the tasks need. */
export interface TaskDeps extends Omit<Serving, 'calls'> {
  readonly api: Api
  /** Ends what writes to the cluster; before the other one ends all, so that others can take over. */
  readonly working: AbortSignal
}

/** What goes on for as long as the control plane serves its cluster. */
export interface ClusterTasks {
  readonly webhookAddress: HostPort | undefined
  /** Resolves when the lease was given back, after {@link TaskDeps.working}. */
  readonly ended: Promise<void>
}

const CLOSE_LIMIT_MS = 1_000
/** An API server that is away must not keep the process from ending. */
const LEASE_LIMIT_MS = 2_000

/**
 * Starts what a replica does for its cluster: what each does, and what only the leader does.
 *
 * @throws {ListenError} when the address for webhooks is taken
 */
export async function startClusterTasks(cluster: ClusterParts, tasks: TaskDeps): Promise<ClusterTasks> {
  const { client, config, labels, leadership } = cluster
  const { parts, deps, api, working } = tasks
  const { namespace } = config
  const { ca } = parts
  followAuthority({ client, ca, namespace, ...deps }, working)
  const webhookAddress = await listenWebhooks(cluster, tasks)
  leadership.add((leading) => keepTrustBundle({ client, namespace, ca, labels, ...deps }, leading))
  // By all: the leader does what is due, and the others look whether they know what it did.
  keepAuthority({ ca, clock: deps.clock }, working)
  leadership.add(() => void lookAtAuthority(ca))
  const elsewhere = () => countHoldersElsewhere(api.replicas)
  const statuses = { client, cluster: cluster.source.cluster, model: parts.model, hub: parts.hub, elsewhere, ...deps }
  leadership.add((leading) => writeStatuses(statuses, leading))
  const standing = leadership.stand(working)
  const limit = new Promise<void>((resolve) => {
    working.addEventListener('abort', () => deps.clock.after(LEASE_LIMIT_MS, resolve), { once: true })
  })
  return { webhookAddress, ended: Promise.race([standing, limit]) }
}

async function listenWebhooks(cluster: ClusterParts, tasks: TaskDeps): Promise<HostPort | undefined> {
  const { client, admissions, config } = cluster
  const { parts, deps, registry, undo, signal } = tasks
  const { namespace, webhookListen } = config
  if (webhookListen === undefined) return undefined
  const { ca, model, server: identity } = parts
  const { trustDomain } = ca
  const values = await followInstallValues({ client, namespace, ...deps }, signal)
  const trustBundlePem = () => ca.trustBundlePem
  const admission = { client: admissions, model, values, trustBundlePem, trustDomain, namespace, registry, ...deps }
  const listener = await serveWebhooks({ address: webhookListen, admission, identity, ...deps }, signal)
  undo.defer(() => listener.close(CLOSE_LIMIT_MS))
  return listener.address
}
