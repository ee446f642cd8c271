import type { PathChange } from './path-change.ts'
import type { Redirect } from './redirect.ts'
import type { RouteDecision } from './route-decision.ts'
import type { RequestStep, RouteFilters } from './route-filters.ts'
import type { CompiledRule } from './route-table.ts'

/** What a rule does with a request beside sending it on, one sentence each. */
export function describeEffects(rule: CompiledRule, decision: RouteDecision): readonly string[] {
  const filters = 'filters' in decision ? decision.filters : rule.filters
  return [...describeFilters(filters), ...(decision.kind === 'forward' ? describeLimits(rule) : [])]
}

function describeFilters(filters: RouteFilters): readonly string[] {
  const { requestSteps, responseHeaders, redirect, mirrors, cors } = filters
  return [
    ...requestSteps.flatMap(describeStep),
    ...mirrors.map(({ key, share }) => `copies ${formatShare(share)} of the requests to ${key}`),
    ...(redirect === undefined ? [] : [describeRedirect(redirect)]),
    ...(cors === undefined ? [] : ['answers by a cross-origin policy']),
    ...responseHeaders.map((change) => `changes headers of the answer: ${describeChange(change)}`),
  ]
}

function describeStep(step: RequestStep): readonly string[] {
  if (step.kind === 'headers') return [`changes headers of the request: ${describeChange(step.change)}`]
  const { authority, path } = step.rewrite
  return [
    ...(authority === undefined ? [] : [`rewrites the host to ${authority}`]),
    ...(path === undefined ? [] : [`rewrites ${describePath(path)}`]),
  ]
}

function describeChange({ set, add, remove }: Extract<RequestStep, { kind: 'headers' }>['change']): string {
  const names = (lines: readonly { readonly name: string }[]) => lines.map(({ name }) => name).join(', ')
  const parts = [
    set.length === 0 ? '' : `sets ${names(set)}`,
    add.length === 0 ? '' : `adds ${names(add)}`,
    remove.length === 0 ? '' : `removes ${remove.join(', ')}`,
  ]
  return parts.filter((part) => part !== '').join('; ')
}

function describePath(path: PathChange): string {
  if (path.kind === 'full') return `the path to ${path.path}`
  return `the path prefix ${path.prefix === '' ? '/' : path.prefix} to ${path.replacement === '' ? '/' : path.replacement}`
}

function describeRedirect({ scheme, hostname, port, path, status }: Redirect): string {
  const parts = [
    scheme === undefined ? '' : `scheme ${scheme}`,
    hostname === undefined ? '' : `host ${hostname}`,
    port === undefined ? '' : `port ${port}`,
    path === undefined ? '' : describePath(path),
  ].filter((part) => part !== '')
  return `redirects with status ${status}: ${parts.join(', ')}`
}

function describeLimits(rule: CompiledRule): readonly string[] {
  const { requestTimeoutMs, backendRequestTimeoutMs, retry, session, circuitBreaker, faults } = rule
  const attempts = retry?.attempts ?? 0
  return [
    ...(requestTimeoutMs === 0 ? [] : [`ends the whole exchange after ${requestTimeoutMs} ms`]),
    ...(backendRequestTimeoutMs === 0 ? [] : [`ends each try after ${backendRequestTimeoutMs} ms`]),
    ...(attempts === 0 ? [] : [`tries again up to ${attempts} times`]),
    ...(session === undefined ? [] : [`keeps sessions by the ${session.carrier} ${session.name}`]),
    ...(circuitBreaker === undefined ? [] : [`limits requests by ${circuitBreaker.policy ?? 'a circuit breaker'}`]),
    ...faults.map(({ policy }) => `may fail on purpose by ${policy ?? 'a fault policy'}`),
  ]
}

function formatShare(share: number): string {
  return share >= 1 ? 'all' : `${Number((share * 100).toPrecision(3))} %`
}
