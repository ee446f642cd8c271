import { LOG_LEVELS, type Log } from '@heddle/base/log'
import { PROMETHEUS_CONTENT_TYPE } from '@heddle/telemetry/prometheus'
import type { Registry } from '@heddle/telemetry/registry'
import type { ConnectionRecord } from '../accept/connection-record.ts'
import type { FindRecords } from '../records/answer-queries.ts'
import { readQuery } from '../records/read-query.ts'
import { type AdminAnswer, type AdminHandler, type AdminRequest, text } from './admin-server.ts'

/** What the admin interface shows and does. */
export interface AdminSources {
  readonly registry: Registry
  readonly log: Log
  /** Why the proxy is not ready, a sentence each; empty when it is. */
  readonly notReady: () => readonly string[]
  /** Everything a person may want to know of its configuration, without secrets. */
  readonly config: () => unknown
  readonly connections: (most: number) => readonly ConnectionRecord[]
  /** What was decided about recent requests. */
  readonly decisions: FindRecords
  /** Begins to drain; the process ends afterwards. */
  readonly drain: () => void
}

/** By method and path: `GET /live`. */
export type AdminRoutes = Readonly<Record<string, AdminHandler>>

const MOST_CONNECTIONS = 1_000

/** The routes of docs/reference/admin-interface.md. */
export function adminRoutes(sources: AdminSources): AdminHandler {
  const routes: AdminRoutes = {
    'GET /': () => text(200, `this is a Heddle proxy; it answers to\n${Object.keys(routes).sort().join('\n')}`),
    ...openRoutes(sources),
    'GET /config': () => json(sources.config()),
    'GET /connections': ({ query }) => connections(query, sources),
    'GET /decisions': ({ query }) => decisions(query, sources),
    'GET /log-level': () => text(200, sources.log.level),
    'PUT /log-level': ({ body }) => setLogLevel(body.trim(), sources.log),
    'POST /drain': () => {
      sources.drain()
      return text(202, 'draining')
    },
  }
  return choose(routes)
}

/** What is answered to others than this host: whether it lives, whether it is ready, what it counted, and `ofApplication`. */
export function probeRoutes(
  sources: Pick<AdminSources, 'registry' | 'notReady'>,
  ofApplication: AdminRoutes = {},
): AdminHandler {
  return choose({ ...openRoutes(sources), ...ofApplication })
}

function openRoutes({ registry, notReady }: Pick<AdminSources, 'registry' | 'notReady'>) {
  return {
    'GET /live': () => text(200, 'live'),
    'GET /ready': () => ready(notReady()),
    'GET /metrics': () => ({ status: 200, contentType: PROMETHEUS_CONTENT_TYPE, body: registry.render() }),
  }
}

function choose(routes: AdminRoutes): AdminHandler {
  return (request) => (routes[`${request.method} ${request.path}`] ?? notFound(routes))(request)
}

function notFound(routes: AdminRoutes): AdminHandler {
  return ({ path }: AdminRequest) => {
    const methods = Object.keys(routes).filter((route) => route.endsWith(` ${path}`))
    if (methods.length === 0) return text(404, `no such page; there are ${Object.keys(routes).sort().join(', ')}`)
    return text(405, `only ${methods.map((route) => route.split(' ')[0]).join(', ')}`)
  }
}

function ready(notReady: readonly string[]): AdminAnswer {
  return notReady.length === 0 ? text(200, 'ready') : text(503, notReady.join('\n'))
}

function connections(query: URLSearchParams, sources: AdminSources): AdminAnswer {
  const most = Number(query.get('limit') ?? 100)
  if (!Number.isInteger(most) || most < 1 || most > MOST_CONNECTIONS) {
    return text(400, `limit: expected 1 to ${MOST_CONNECTIONS}`)
  }
  return json(sources.connections(most))
}

function decisions(search: URLSearchParams, sources: AdminSources): AdminAnswer {
  const read = readQuery(search)
  return read.kind === 'invalid' ? text(400, read.reason) : json(sources.decisions(read.query))
}

function setLogLevel(wanted: string, log: Log): AdminAnswer {
  const level = LOG_LEVELS.find((one) => one === wanted)
  if (level === undefined) return text(400, `expected one of ${LOG_LEVELS.join(', ')}`)
  log.level = level
  return text(200, level)
}

function json(value: unknown): AdminAnswer {
  return { status: 200, contentType: 'application/json', body: `${JSON.stringify(value, undefined, 2)}\n` }
}
