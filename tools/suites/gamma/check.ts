import type { Answer, Ask } from '../../../e2e/apps/conformance-client.ts'

/** One request of a case, and what must come of it. */
export interface Check {
  /** The suite's name of it, where it has one. */
  readonly name?: string
  /** Who asks: `echo-v1` in the namespace of the Services, or in that of the consumer route. Absent: the former. */
  readonly from?: 'producer' | 'consumer'
  readonly protocol?: 'http' | 'grpc'
  /** Absent: `echo`. */
  readonly host?: string
  /** Absent: `/`. */
  readonly path?: string
  readonly headers?: Texts
  readonly status?: number
  /** Beginning of the instance's name. */
  readonly backend?: string
  /** The request as the application saw it; what is absent is as it was sent. */
  readonly seen?: { readonly path?: string; readonly headers?: Texts; readonly without?: readonly string[] }
  /** Header of the answer. */
  readonly answered?: { readonly headers?: Texts; readonly without?: readonly string[] }
  /** Where the answer leads; what is absent is as it was asked, the port that of the scheme. */
  readonly redirect?: RedirectTarget
  /** Share of the requests that each Workload gets. */
  readonly shares?: Readonly<Record<string, number>>
}

interface RedirectTarget {
  readonly scheme?: string
  readonly host?: string
  readonly port?: string
  readonly path?: string
}

type Texts = Readonly<Record<string, string>>

/** The namespace of every Service of the suite. */
export const MESH_NAMESPACE = 'gateway-conformance-mesh'

/** As the suite measures shares: so many requests, so far off at most. */
export const SHARE_REQUESTS = 500
const SHARE_TOLERANCE = 0.05

/** What the client is asked to send. */
export function toAsk(check: Check, count: number): Omit<Ask, 'id'> {
  const { protocol = 'http', host = 'echo', path = '/', headers = {} } = check
  return { protocol, host, path, method: 'GET', headers, count }
}

/** What is wrong with an answer; empty: nothing. */
export function compareAnswer(check: Check, answer: Answer): string {
  const { status = 200 } = check
  if (answer.status !== status) return `status ${answer.status} instead of ${status}, ${JSON.stringify(answer.headers)}`
  const { headers = {}, without = [] } = check.answered ?? {}
  const faults = compareTexts('answer', answer.headers, { headers, without })
  if (check.redirect !== undefined)
    faults.push(...compareRedirect(check, check.redirect, answer.headers.location ?? ''))
  if (status === 200) faults.push(...compareEcho(check, answer))
  return faults.join('\n')
}

function compareEcho(check: Check, { echo }: Answer): readonly string[] {
  if (echo === undefined) return ["the answer is not the echo server's"]
  const { backend = '', seen = {}, headers = {}, path = '/', protocol } = check
  const faults: string[] = []
  if (!echo.pod.startsWith(backend)) faults.push(`answered by ${echo.pod} instead of ${backend}`)
  if (echo.namespace !== MESH_NAMESPACE) faults.push(`answered in namespace ${echo.namespace}`)
  const expectedPath = seen.path ?? path
  if (protocol !== 'grpc' && echo.path !== expectedPath) faults.push(`path ${echo.path} instead of ${expectedPath}`)
  const actual = Object.fromEntries(Object.entries(echo.headers).map(([name, values]) => [name, values.join()]))
  const { host: _, ...sent } = lowerCased(headers)
  faults.push(...compareTexts('request', actual, { headers: seen.headers ?? sent, without: seen.without ?? [] }))
  return faults
}

interface ExpectedTexts {
  readonly headers: Texts
  readonly without: readonly string[]
}

function compareTexts(what: string, actual: Texts, { headers, without }: ExpectedTexts): string[] {
  const wrong = Object.entries(lowerCased(headers)).filter(([name, value]) => actual[name] !== value)
  const left = without.filter((name) => actual[name.toLowerCase()] !== undefined)
  return [
    ...wrong.map(([name, value]) => `${what} has ${name}: ${actual[name]} instead of ${value}`),
    ...left.map((name) => `${what} has ${name}: ${actual[name.toLowerCase()]}`),
  ]
}

function lowerCased(texts: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).map(([name, value]) => [name.toLowerCase(), value]))
}

function compareRedirect(check: Check, wanted: RedirectTarget, location: string): readonly string[] {
  const { host = 'echo', path = '/' } = check
  if (!URL.canParse(location, `http://${host}`)) return [`location ${JSON.stringify(location)} is no URL`]
  const url = new URL(location, `http://${host}`)
  const expected = { scheme: 'http', host, port: '', path, ...wanted }
  // A URL has no port where it is the one of its scheme.
  const actual = { scheme: url.protocol.slice(0, -1), host: url.hostname, port: url.port, path: url.pathname }
  const isSame = (Object.keys(expected) as (keyof typeof expected)[]).every((part) => expected[part] === actual[part])
  return isSame ? [] : [`location ${location} instead of ${JSON.stringify(expected)}`]
}

/** What is wrong with the shares that Workloads got of {@link SHARE_REQUESTS} answers; empty: nothing. */
export function compareShares(shares: Readonly<Record<string, number>>, answers: readonly Answer[]): string {
  const faults: string[] = []
  if (answers.length !== SHARE_REQUESTS) faults.push(`${answers.length} answers`)
  const counts = new Map<string, number>()
  for (const { status, echo } of answers) {
    const name = echo?.pod.replace(/-\w+$/, '') ?? `status ${status}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  for (const name of counts.keys()) {
    if (shares[name] === undefined) faults.push(`answered by ${name}`)
  }
  for (const [name, share] of Object.entries(shares)) {
    const actual = (counts.get(name) ?? 0) / SHARE_REQUESTS
    if (Math.abs(actual - share) > SHARE_TOLERANCE) faults.push(`${name} got ${actual} instead of ${share}`)
  }
  return faults.join('\n')
}
