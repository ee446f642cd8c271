import { answerOfError, formatOwnAnswer, type Spoken } from '@heddle/engine/route/own-answer'
import { formatLatencyUs } from '../../output/latency.ts'
import type { BackendFacts, EndpointFacts, RecentTries, SeenEndpoint } from './backend-facts.ts'
import { describeState } from './describe-record.ts'

/** The endpoints of a backend as lines of text, and what whoever sent `request` would get where there are none. */
export function describeBackend(facts: BackendFacts, request: Spoken): readonly string[] {
  const { key, balancer, policy, endpoints, ownHostOf } = facts
  const refusal = `${formatOwnAnswer(answerOfError('no_healthy_endpoint', request))}, no_healthy_endpoint`
  const by = `${balancer}${policy === '' ? '' : ` (BackendPolicy ${policy})`}`
  if (endpoints.length === 0) return [`${key} has no endpoint: the request would be answered with ${refusal}`]
  const isAnyReady = endpoints.some(({ isReady }) => isReady)
  const title = isAnyReady ? `Endpoints of ${key}, chosen by ${by}:` : `No endpoint of ${key} is ready: ${refusal}:`
  const shown = endpoints.map((endpoint) => `  ${describeEndpoint(endpoint, ownHostOf !== undefined)}`)
  return [...(ownHostOf === undefined ? [] : describeHosts(facts, ownHostOf, refusal)), title, ...shown]
}

/** What `internalTrafficPolicy: Local` leaves of the endpoints to clients on each of their hosts. */
function describeHosts({ key, endpoints }: BackendFacts, hosts: readonly string[], refusal: string): readonly string[] {
  const lines = hosts.map((host) => {
    const ready = endpoints.filter((one) => one.isReady && one.host === host && host !== '').length
    const name = host === '' ? 'a node that is not known' : `node ${host}`
    return ready === 0
      ? `  to a client on ${name} none: ${refusal}`
      : `  to a client on ${name} ${ready} of ${endpoints.length}`
  })
  const title = `internalTrafficPolicy Local: of ${key} a client is given the endpoints that are ready on its own node`
  return [title, ...lines]
}

function describeEndpoint(facts: EndpointFacts, isHostShown: boolean): string {
  const { id, address, isReady, reason, zone, host, recent, seen } = facts
  const state = isReady ? 'ready' : `not ready: ${reason}`
  const place = [
    ...(zone === '' ? [] : [`, zone ${zone}`]),
    ...(isHostShown ? [`, on ${host === '' ? 'no node' : host}`] : []),
  ].join('')
  const last = seen === undefined ? '' : `; ${describeState(seen.state)} (${seen.at})`
  return `${id} (${address})${place}, ${state}${recent === undefined ? '' : `; ${describeTries(recent)}`}${last}`
}

function describeTries({ tries, failed, medianUs }: RecentTries): string {
  return `${tries} recorded ${tries === 1 ? 'try' : 'tries'}, ${failed} failed, median ${formatLatencyUs(medianUs)}`
}

/** A backend for scripts; keys are stable. */
export function toBackendJson({ endpoints, ownHostOf, ...rest }: BackendFacts) {
  return {
    ...rest,
    ownHostOf: ownHostOf ?? null,
    endpoints: endpoints.map(({ isReady, recent, seen, ...endpoint }) => ({
      ...endpoint,
      ready: isReady,
      recent: recent ?? null,
      seen: seen === undefined ? null : toSeenJson(seen),
    })),
  }
}

function toSeenJson({ at, state: { inFlight, cost, passedOver } }: SeenEndpoint) {
  return { at, inFlight, costUs: Number(cost), passedOver }
}
