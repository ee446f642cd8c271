import { PROXY_ERRORS } from '@heddle/api/proxy-errors'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { LogLimit } from '@heddle/base/log-limit'
import { createPickTrace } from '@heddle/engine/balance/pick-trace'
import { DEFAULT_H1_LIMITS } from '@heddle/http/h1-limits'
import { DEFAULT_H2_LIMITS } from '@heddle/http/h2-limits'
import type { Registry } from '@heddle/telemetry/registry'
import { LoopGuard } from './accept/loop-guard.ts'
import { Upgrades } from './exchange/upgrades.ts'
import { Deadlines } from './grpc/deadlines.ts'
import { type Limits, resolveLimits } from './limits.ts'
import { Ticker } from './net/ticker.ts'
import { Turn } from './net/turn.ts'
import { ACCEPTED_SHARE, capConnections, OUTGOING_SHARE, readDescriptorLimit } from './platform/descriptors.ts'
import { createBugLog, type OnBug } from './process/bug-log.ts'
import type { ProxyCore } from './proxy-core.ts'
import { RoutingMetrics } from './routing/routing-metrics.ts'
import { OutgoingCount } from './upstream/outgoing-count.ts'
import { ResilienceCounters } from './upstream/resilience-counters.ts'

/** What the proxy needs from outside; main.ts passes the real ones, tests their own. */
export interface ProxyDeps {
  readonly clock: Clock
  readonly log: Log
  readonly meter: Registry
  /** 0 to below 1; `Math.random` unless stated. */
  readonly random?: () => number
  /** Of the process, where more than its data path can meet bugs; one of its own unless stated. */
  readonly onBug?: OnBug
}

/** Makes what the whole process shares, and registers its counters. */
export function createProxyCore(overrides: Partial<Limits> | undefined, deps: ProxyDeps): ProxyCore {
  const { clock, log, meter, random = Math.random, onBug = createBugLog(deps) } = deps
  const limits = withinDescriptors(resolveLimits(overrides))
  const counted = createCounters(meter)
  const refusals = new LogLimit(log, clock)
  const ticker = new Ticker(clock, onBug)
  const h2Limits = { ...DEFAULT_H2_LIMITS, nowMs: () => ticker.nowMs }
  return {
    clock,
    log,
    refusals,
    limits,
    serverLimits: { ...DEFAULT_H1_LIMITS, maxHeadBytes: limits.requestHeadBytes },
    clientLimits: { ...DEFAULT_H1_LIMITS, maxHeadBytes: limits.responseHeadBytes },
    h2ServerLimits: {
      ...h2Limits,
      maxHeadBytes: limits.requestHeadBytes,
      maxConcurrentStreams: limits.connectionStreams,
      maxResets: limits.streamResets,
    },
    h2ClientLimits: {
      ...h2Limits,
      maxHeadBytes: limits.responseHeadBytes,
      maxConcurrentStreams: limits.endpointStreams,
    },
    ticker,
    deadlines: new Deadlines(clock, onBug),
    turn: new Turn(clock, onBug),
    loopGuard: new LoopGuard(),
    upgrades: new Upgrades(meter),
    resilience: new ResilienceCounters(meter, clock),
    outgoing: new OutgoingCount(limits.outgoingConnections),
    deciding: { random, nowMs: () => clock.nowMs(), matchSteps: limits.matchSteps },
    routing: new RoutingMetrics(meter),
    random,
    lastPick: createPickTrace(),
    limitReached: (name) => counted.limits.with(name).add(),
    faulted: (fault) => counted.faults.with(fault).add(),
    recorded: (keptAs) => counted.records.with(keptAs).add(),
    failed: (code) => counted.failures.with(code, PROXY_ERRORS[code].source).add(),
  }
}

function createCounters(meter: Registry) {
  return {
    limits: meter.counters('heddle_limit_reached_total', {
      help: 'How often a limit of the proxy was reached.',
      labels: ['limit'],
    }),
    failures: meter.counters('heddle_errors_total', {
      help: 'Requests and connections that failed inside the proxy.',
      labels: ['error', 'source'],
    }),
    faults: meter.counters('heddle_protocol_faults_total', {
      help: 'What clients did that HTTP does not allow, floods included.',
      labels: ['fault'],
    }),
    records: meter.counters('heddle_decision_records_total', {
      help: 'Requests of which a decision record was kept.',
      labels: ['kept_as'],
    }),
  }
}

function withinDescriptors(wanted: Limits): Limits {
  const descriptors = readDescriptorLimit()
  return {
    ...wanted,
    connections: capConnections(wanted.connections, descriptors, ACCEPTED_SHARE),
    outgoingConnections: capConnections(wanted.outgoingConnections, descriptors, OUTGOING_SHARE),
  }
}
