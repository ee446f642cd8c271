import { pathOfTcpProbe, type TcpProbe } from '@heddle/api/tcp-probe'
import type { Clock } from '@heddle/base/clock'
import { formatHostPort } from '@heddle/base/host-port'
import type { Log } from '@heddle/base/log'
import { createProbe } from '../health/probe.ts'
import type { AdminRoutes } from './admin-routes.ts'
import { type AdminAnswer, type AdminHandler, MAX_LIFE_MS, text } from './admin-server.ts'

/** Where the application is asked, and with what. */
export interface AskedApplication {
  /** As a kubelet would connect to it: the pod's own address. */
  readonly host: string
  readonly clock: Clock
  readonly log: Log
}

/** So much earlier than the kubelet the proxy gives up, so that the reason still gets there. */
const BEFORE_TIMEOUT_MS = 200
/** The connection that the answer goes over does not live longer. */
const MOST_WAIT_MS = MAX_LIFE_MS - 5_000

/**
 * A route for each of `probes`, and for no other port: 200 when the application takes a connection there, else 503 with the reason. It
 * needs nothing of the control plane, and no certificate.
 */
export function tcpProbeRoutes(probes: readonly TcpProbe[], application: AskedApplication): AdminRoutes {
  return Object.fromEntries(probes.map((probe) => [`GET ${pathOfTcpProbe(probe)}`, toHandler(probe, application)]))
}

/** Strangers can ask, too: whoever does while a connect is under way gets the answer to that one, so there is never a second. */
function toHandler({ port, timeoutSeconds }: TcpProbe, { host, clock, log }: AskedApplication): AdminHandler {
  const address = formatHostPort({ host, port })
  const probe = createProbe({ probe: { kind: 'tcp', port } }, { ports: [], host }, clock)
  const waitMs = Math.min(timeoutSeconds * 1000 - BEFORE_TIMEOUT_MS, MOST_WAIT_MS)
  let underWay: Promise<AdminAnswer> | undefined
  let last: string | undefined
  const finish = (problem: string | undefined): AdminAnswer => {
    underWay = undefined
    const answer = problem === undefined ? text(200, `${address} takes connections`) : text(503, problem)
    // A kubelet tells the status in its event, but not why.
    if (answer.body !== last) log.info('tcp probe', { status: answer.status, reason: answer.body.trim() })
    last = answer.body
    return answer
  }
  return () => {
    underWay ??= probe(waitMs).then(finish)
    return underWay
  }
}
