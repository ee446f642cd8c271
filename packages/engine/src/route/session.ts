import type { SessionPersistenceJson } from '@heddle/api/discovery/route'
import type { CompileContext } from './field-match.ts'
import type { HeaderLine } from './header-change.ts'
import { readCookie } from './read-cookie.ts'
import type { RequestFacts } from './request-facts.ts'

/** How a client is kept at the endpoint that it came to first. GEP-1619. */
export interface Session {
  readonly name: string
  readonly carrier: 'cookie' | 'header'
  /** 0: none; so with the other. */
  readonly absoluteTimeoutMs: number
  readonly idleTimeoutMs: number
  /** The cookie outlives the browser, until the absolute timeout. */
  readonly isPermanent: boolean
  /** Where browsers send the cookie to. */
  readonly path: string
  /** `hashName` of the key of each backend of the rule, by its index, within the route. */
  readonly backends: readonly string[]
}

/**
 * What a client brings back. Anybody may have written it: it is looked up among what the rule allows anyway, and no more. Names
 * are hashed, so that nobody learns what is behind.
 */
export interface SessionToken {
  /** One of {@link Session.backends}. */
  readonly backend: string
  /** `hashName` of the endpoint's id, within its Service. */
  readonly endpoint: string
  readonly startedMs: number
  readonly usedMs: number
}

const TOKEN_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const HASH = /^[0-9a-z]{1,14}$/
const COOKIE_PATH = /^\/[\x21-\x3a\x3c-\x7e]*$/
/** Times travel in seconds. */
const SECOND_MS = 1000
/** How far the clocks of two proxies may be apart. A time that is further ahead was made up, to have a session without end. */
const MAX_SKEW_MS = 60_000

/**
 * Compiles the session persistence of a rule.
 *
 * @param place.defaultName - for a session that the user did not name; differs between rules
 * @param place.path - the path that the rule matches; `undefined`: several, or an expression
 * @param place.backends - as in {@link Session.backends}
 */
export function compileSession(
  json: SessionPersistenceJson,
  place: Pick<Session, 'backends'> & { readonly defaultName: string; readonly path: string | undefined },
  context: CompileContext,
): Session {
  const carrier = json.type === 'SESSION_TYPE_HEADER' ? 'header' : 'cookie'
  const written = json.sessionName ?? ''
  const name = written === '' ? place.defaultName : written
  if (!TOKEN_NAME.test(name)) context.onProblem(`${JSON.stringify(name)} cannot be the name of a session`)
  const path = place.path ?? '/'
  return {
    name: carrier === 'header' ? name.toLowerCase() : name,
    carrier,
    absoluteTimeoutMs: json.absoluteTimeoutMs ?? 0,
    idleTimeoutMs: json.idleTimeoutMs ?? 0,
    isPermanent: json.permanentCookie === true,
    path: COOKIE_PATH.test(path) ? path : '/',
    backends: place.backends,
  }
}

/** The session that a request goes on with; `undefined` when it brings none, a broken one, or one that has ended. */
export function readSession(session: Session, request: RequestFacts, nowMs: number): SessionToken | undefined {
  const text =
    session.carrier === 'header' ? request.fields.get(session.name) : readCookie(request.fields, session.name)
  const token = text === undefined ? undefined : parseToken(text)
  if (token === undefined || Math.max(token.startedMs, token.usedMs) > nowMs + MAX_SKEW_MS) return undefined
  if (isOver(session.absoluteTimeoutMs, token.startedMs, nowMs)) return undefined
  return isOver(session.idleTimeoutMs, token.usedMs, nowMs) ? undefined : token
}

/**
 * What the client has to be told with the answer: a new session when the endpoint is another one than before, the same one
 * with a new time when it may not lie idle; `undefined` when it knows all.
 */
export function renewSession(
  session: Session,
  previous: SessionToken | undefined,
  current: { readonly backend: string; readonly endpoint: string; readonly nowMs: number },
): SessionToken | undefined {
  const { backend, endpoint, nowMs } = current
  if (previous === undefined || previous.backend !== backend || previous.endpoint !== endpoint) {
    return { backend, endpoint, startedMs: nowMs, usedMs: nowMs }
  }
  if (session.idleTimeoutMs === 0 || nowMs - previous.usedMs < SECOND_MS) return undefined
  return { ...previous, usedMs: nowMs }
}

/** The field of the answer that carries `token`: `set-cookie` (to be appended), or the session's own. */
export function writeSession(session: Session, token: SessionToken, request: RequestFacts): HeaderLine {
  const text = formatToken(token)
  if (session.carrier === 'header') return { name: session.name, value: text }
  const attributes = [`${session.name}=${text}`, `Path=${session.path}`, 'HttpOnly', 'SameSite=Strict']
  if (request.scheme === 'https') attributes.push('Secure')
  if (session.isPermanent && session.absoluteTimeoutMs > 0) {
    const leftMs = token.startedMs + session.absoluteTimeoutMs - token.usedMs
    attributes.push(`Max-Age=${Math.max(0, Math.ceil(leftMs / SECOND_MS))}`)
  }
  return { name: 'set-cookie', value: attributes.join('; ') }
}

function isOver(timeoutMs: number, sinceMs: number, nowMs: number): boolean {
  return timeoutMs > 0 && nowMs - sinceMs >= timeoutMs
}

function formatToken(token: SessionToken): string {
  const times = [token.startedMs, token.usedMs].map((ms) => Math.floor(ms / SECOND_MS).toString(36))
  return [token.backend, token.endpoint, ...times].join('.')
}

function parseToken(text: string): SessionToken | undefined {
  const parts = text.split('.', 5)
  const [backend = '', endpoint = '', started = '', used = ''] = parts
  if (parts.length !== 4 || !parts.every((part) => HASH.test(part))) return undefined
  return {
    backend,
    endpoint,
    startedMs: Number.parseInt(started, 36) * SECOND_MS,
    usedMs: Number.parseInt(used, 36) * SECOND_MS,
  }
}
