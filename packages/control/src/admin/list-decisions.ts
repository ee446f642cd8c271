import { create } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { ListDecisionsRequest } from '@heddle/api/admin'
import type { Node } from '@heddle/api/discovery'
import { DecisionQuerySchema } from '@heddle/api/discovery/decision'
import { type GatheredDecisions, limitOf, newest } from '../discovery/decision-queries.ts'
import type { DiscoveryHub } from '../discovery/discovery-hub.ts'
import type { Replicas } from '../replicas/replicas.ts'

const WAIT_MS = 2_000
const MAX_WAIT_MS = 10_000
const REPLICA_MS = 500

/** What is asked, and whom. */
export interface DecisionDeps {
  readonly hub: DiscoveryHub
  readonly signal: AbortSignal
}

/**
 * Asks the proxies that the request is about, wherever they are connected, and waits for their answers.
 *
 * @throws {ConnectError} invalidArgument: it would wait too long
 */
export async function listDecisions(
  request: ListDecisionsRequest,
  deps: DecisionDeps & { readonly replicas: Replicas },
): Promise<GatheredDecisions> {
  // A moment more than they wait themselves, so that what they have by then arrives.
  const waitMs = waitOf(request) + REPLICA_MS
  const own = listOwnDecisions(request, deps)
  const others = deps.replicas.ask((client, signal) => client.listDecisions({ request }, { signal }), waitMs)
  const found = [await own, ...(await others).answers.flatMap(({ response = [] }) => response)]
  const limit = limitOf(request.query)
  return {
    records: newest(
      found.flatMap(({ records }) => records),
      limit,
    ),
    asked: found.reduce((sum, { asked }) => sum + asked, 0),
    silent: found.flatMap(({ silent }) => silent).sort(),
  }
}

/** Asks those that are connected here. @throws {ConnectError} as {@link listDecisions} */
export async function listOwnDecisions(
  request: ListDecisionsRequest,
  { hub, signal }: DecisionDeps,
): Promise<GatheredDecisions> {
  const { query = create(DecisionQuerySchema) } = request
  const waitMs = waitOf(request)
  const streams = [...hub.streams()].filter(({ node }) => isAsked(node, request))
  return await hub.questions.ask({ query, streams, waitMs, signal })
}

function waitOf({ waitMs }: ListDecisionsRequest): number {
  if (waitMs > MAX_WAIT_MS) throw new ConnectError(`wait_ms: at most ${MAX_WAIT_MS}`, Code.InvalidArgument)
  return waitMs === 0 ? WAIT_MS : waitMs
}

function isAsked(node: Node, { namespace, workload, instance }: ListDecisionsRequest): boolean {
  const isNamespace = namespace === '' || node.namespace === namespace
  return (
    isNamespace && (workload === '' || node.workload === workload) && (instance === '' || node.instance === instance)
  )
}
