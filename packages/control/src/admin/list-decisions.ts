import { create } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { ListDecisionsRequest } from '@heddle/api/admin'
import type { Node } from '@heddle/api/discovery'
import { DecisionQuerySchema } from '@heddle/api/discovery/decision'
import type { GatheredDecisions } from '../discovery/decision-queries.ts'
import type { DiscoveryHub } from '../discovery/discovery-hub.ts'

const WAIT_MS = 2_000
const MAX_WAIT_MS = 10_000

/**
 * Asks the connected proxies that the request is about, and waits for their answers.
 *
 * @throws {ConnectError} invalidArgument: it would wait too long
 */
export function listDecisions(
  request: ListDecisionsRequest,
  { hub, signal }: { readonly hub: DiscoveryHub; readonly signal: AbortSignal },
): Promise<GatheredDecisions> {
  const { query = create(DecisionQuerySchema), waitMs } = request
  if (waitMs > MAX_WAIT_MS) throw new ConnectError(`wait_ms: at most ${MAX_WAIT_MS}`, Code.InvalidArgument)
  const streams = [...hub.streams()].filter(({ node }) => isAsked(node, request))
  return hub.questions.ask({ query, streams, waitMs: waitMs === 0 ? WAIT_MS : waitMs, signal })
}

function isAsked(node: Node, { namespace, workload, instance }: ListDecisionsRequest): boolean {
  const isNamespace = namespace === '' || node.namespace === namespace
  return (
    isNamespace && (workload === '' || node.workload === workload) && (instance === '' || node.instance === instance)
  )
}
