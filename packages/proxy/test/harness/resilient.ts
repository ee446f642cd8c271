import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BackendPolicyJson } from '@heddle/api/discovery/policy'
import type { CircuitBreakerJson, RouteRuleJson } from '@heddle/api/discovery/route'
import type { ManualClock } from '@heddle/testkit/manual-clock'
import type { HttpVersion } from '../../src/exchange/http-version.ts'
import type { ServiceDestination } from '../../src/workload.ts'
import { startH2App } from './http2.ts'
import { type Answer, attach, CART, httpRoute } from './routed.ts'
import { waitFor } from './wait-for.ts'
import { outbound, service, type TestProxy, type TestProxyOptions, type World } from './world.ts'

/** How an application treats one request; `silent`: it never answers, `reset`: it breaks the connection or stream off. */
export type Behaviour =
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
      readonly isOpen?: boolean
    }
  | 'silent'
  | 'reset'

/** An application whose behaviour the test changes as it goes. */
export interface MoodyApp {
  readonly port: number
  /** Bodies of the requests that came. */
  readonly received: readonly string[]
  behave: Behaviour
  close(): void
}

export const OK: Behaviour = { status: 200 }
export const FAILS: Behaviour = { status: 503 }

/** Starts one that speaks `version` only; it answers 200 with its name. */
export async function startMoodyApp(version: HttpVersion, name: string, behave: Behaviour = OK): Promise<MoodyApp> {
  const received: string[] = []
  if (version === 'http2') {
    const server = await startH2App((stream) => {
      let body = ''
      stream.on('data', (bytes: Buffer) => (body += bytes.toString('latin1')))
      stream.on('end', () => {
        received.push(body)
        const now = app.behave
        if (now === 'silent') return
        if (now === 'reset') {
          stream.close(2)
          return
        }
        stream.respond({ ':status': now.status, ...now.headers })
        stream.write(now.body ?? name)
        if (now.isOpen !== true) stream.end()
      })
    })
    const app = { port: server.port, received, behave, close: () => server.close() }
    return app
  }
  const server = createServer((asked, answer) => {
    let body = ''
    asked.on('data', (bytes: Buffer) => (body += bytes.toString('latin1')))
    asked.on('end', () => {
      received.push(body)
      answerHttp1(answer, app.behave, name)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  const app = { port: (server.address() as AddressInfo).port, received, behave, close }
  return app
}

function answerHttp1(answer: ServerResponse, now: Behaviour, name: string): void {
  if (now === 'silent') return
  if (now === 'reset') {
    answer.destroy()
    return
  }
  answer.writeHead(now.status, now.headers)
  answer.write(now.body ?? name)
  if (now.isOpen !== true) answer.end()
}

/** Waits for an answer, and turns the clock by `ms` once `isDue`, where there is none before. */
export async function askPast(
  clock: ManualClock,
  ms: number,
  { asking, isDue }: { readonly asking: Promise<Answer>; readonly isDue: () => boolean },
): Promise<Answer> {
  let isOver = false
  const answer = asking.finally(() => {
    isOver = true
  })
  await waitFor('an answer, or silence', () => isOver || isDue())
  if (!isOver) clock.advance(ms)
  return await answer
}

/** What a Service is given, and its applications. */
export interface ResilientOptions {
  readonly version: HttpVersion
  /** Applications behind it; 2 unless stated. */
  readonly apps?: number
  readonly policy?: BackendPolicyJson
  readonly circuitBreaker?: CircuitBreakerJson
  /** Of the one rule of its route; left out: there is no route. */
  readonly rule?: RouteRuleJson
  /** Where each of the applications is. */
  readonly zones?: readonly string[]
  /** Where the client is. */
  readonly here?: string
  readonly proxy?: Partial<TestProxyOptions>
}

export interface Resilient {
  readonly proxy: TestProxy
  readonly apps: readonly MoodyApp[]
  /** The Service; a test may change its endpoints in place, with its version. */
  readonly destination: ServiceDestination
  /** Requests that came, by application. */
  counts(): readonly number[]
}

/** A Service of several applications, and the proxy of its client. */
export async function startResilient(world: World, options: ResilientOptions): Promise<Resilient> {
  const { version, policy, circuitBreaker, rule, zones = [], here = '' } = options
  const apps: MoodyApp[] = []
  for (let index = 0; index < (options.apps ?? 2); index++)
    apps.push(world.keep(await startMoodyApp(version, `app-${index}`)))
  const plain = service(
    apps.map(({ port }) => port),
    { protocol: version },
  ) as ServiceDestination
  const endpoints = plain.endpoints.map((endpoint, index) => {
    const zone = zones[index] ?? ''
    return { ...endpoint, zone, region: zone.split('-')[0]! }
  })
  const routes = rule === undefined ? [] : [httpRoute({ backends: [{ key: CART, weight: 1 }], ...rule })]
  const destination: ServiceDestination = {
    ...attach(plain, { routes }),
    endpoints,
    ...(policy !== undefined && { policy }),
    ...(circuitBreaker !== undefined && { circuitBreaker }),
  }
  const proxy = await world.proxy({
    listeners: [outbound(CART)],
    destinations: { [CART]: destination },
    locality: { region: here.split('-')[0]!, zone: here },
    ...options.proxy,
  })
  return { proxy, apps, destination, counts: () => apps.map(({ received }) => received.length) }
}
