import type { ProxyError } from '../errors/proxy-error.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { TrafficSeries } from '../workload.ts'
import { Attempt } from './attempt.ts'
import { logAttempt } from './attempt-log.ts'
import type { AttemptOwner } from './attempt-owner.ts'
import { noTarget } from './destination-state.ts'
import { pickAgain, pickUntried } from './pick-untried.ts'
import { mayAskAnother, mayRepeatAnew, mayRepeatUnread, SAFE_REPEAT } from './safe-repeats.ts'
import type { Target } from './target.ts'

/**
 * Sends the request of `exchange` to an endpoint, as its route and its destination say (`startTries`). Where they say
 * nothing it goes to another one when it could not be sent: a failed connect is always safe to repeat elsewhere. What an endpoint
 * answered or broke off is the client's to repeat then, with one exception: see {@link AttemptOwner.brokeOff}.
 */
export function startAttempt(exchange: Exchange): void {
  const state = exchange.state!
  const management = state.management ?? exchange.addressed?.management
  if (management?.startTries(exchange) === true) return
  const target = pickUntried(exchange, state)
  if (target === undefined) {
    exchange.fail(noTarget(state))
    return
  }
  send(exchange, target)
}

function send(exchange: Exchange, target: Target): void {
  exchange.series = probeSeries(exchange) ?? exchange.hop.seriesOf(exchange.state, target, exchange.version)
  exchange.attempts += 1
  const attempt = new Attempt(exchange, target, FIRST)
  exchange.use(attempt)
  attempt.begin()
}

/** As kubelets name themselves in probes of HTTP and of gRPC. */
const PROBE = 'kube-probe/'
/** As they do in hooks by `httpGet`. */
const HOOK = 'kube-lifecycle/'

/**
 * Probes and hooks come in plain from the node, some every few seconds: counted as requests they would be traffic that nobody secured. Whoever
 * says that it is a kubelet and comes from elsewhere is counted as any plain client.
 */
function probeSeries(exchange: Exchange): TrafficSeries | undefined {
  const { hop, head, version } = exchange
  if (hop.probeSeries === undefined || hop.peerIdentity !== '') return undefined
  const agent = head.fields.get('user-agent') ?? ''
  if (!agent.startsWith(PROBE) && !agent.startsWith(HOOK)) return undefined
  return hop.probeSeries(exchange.source, version)
}

const OWNER: AttemptOwner = {
  notSent(exchange, attempt, error) {
    const next = pickOther(exchange, attempt.target)
    const isTriedAgain = next !== undefined && mayAskAnother(exchange, error)
    log(exchange, attempt, { error, next: isTriedAgain ? SAFE_REPEAT.unsent : '' })
    if (isTriedAgain) send(exchange, next)
    else exchange.failUnsent(error)
  },

  brokeOff(exchange, attempt, { error, trace }) {
    const { target } = attempt
    if (mayRepeatUnread(exchange, trace) && exchange.rewind()) {
      log(exchange, attempt, { error, next: SAFE_REPEAT.unread })
      send(exchange, pickOther(exchange, target) ?? pickAgain(exchange, target))
      return
    }
    const isRepeated = mayRepeatAnew(exchange, attempt, trace)
    log(exchange, attempt, { error, next: isRepeated ? SAFE_REPEAT.idleClosed : '' })
    if (isRepeated) repeat(exchange, target)
    else exchange.fail(error)
  },
}

const FIRST = { owner: OWNER, isSecond: false } as const

/** When it began is told by the one before it, so that nothing has to be kept of those that succeed. */
function log(
  exchange: Exchange,
  attempt: Attempt,
  { error, next }: { readonly error: ProxyError; readonly next: string },
): void {
  const last = exchange.attemptLog?.at(-1)
  const beganUs = exchange.startedUs + (last === undefined ? 0 : last.startedUs + last.durationUs)
  logAttempt(exchange, attempt, { beganUs, error: error.code, detail: error.message, next })
}

/** One that was not tried yet, nor is `target`. */
function pickOther(exchange: Exchange, target: Target): Target | undefined {
  exchange.tried ??= []
  exchange.tried.push(target.endpoint.load)
  return pickUntried(exchange, exchange.state!)
}

/** The same endpoint over a new connection: other idle ones may have met the same end. */
function repeat(exchange: Exchange, target: Target): void {
  exchange.attempts += 1
  const attempt = new Attempt(exchange, pickAgain(exchange, target), FIRST)
  exchange.use(attempt)
  attempt.beginAnew()
}
