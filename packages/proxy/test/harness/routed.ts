import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FaultJson, RouteJson, RouteRuleJson } from '@heddle/api/discovery/route'
import { compileRegex } from '@heddle/engine/route/regex'
import type { HttpVersion } from '../../src/exchange/http-version.ts'
import { compileRouting } from '../../src/routing/routing.ts'
import { TRAFFIC_MANAGEMENT } from '../../src/routing/traffic-management.ts'
import type { Destination, ServiceDestination } from '../../src/workload.ts'
import { answerOf, H2Client, startH2App } from './http2.ts'
import { idOf, inbound, outbound, service, type TestProxy, type TestProxyOptions, type World } from './world.ts'

/** What one of the applications got. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** An application that says who it is, and remembers what it was asked. */
export interface NamedApp {
  readonly name: string
  readonly port: number
  readonly received: readonly Received[]
  close(): void
}

/** How an application answers; 200 with its name unless stated. */
export interface AppAnswer {
  readonly status?: number
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
  /** Never answers. */
  readonly isSilent?: boolean
}

/** Starts one that speaks `version` only. */
export async function startApp(version: HttpVersion, name: string, answer: AppAnswer = {}): Promise<NamedApp> {
  const received: Received[] = []
  const { status = 200, headers = {}, body = name, isSilent = false } = answer
  if (version === 'http2') {
    const app = await startH2App((stream, asked) => {
      const chunks: Buffer[] = []
      stream.on('data', (bytes: Buffer) => chunks.push(bytes))
      stream.on('end', () => {
        const about = { method: String(asked[':method']), path: String(asked[':path']) }
        received.push({
          ...about,
          headers: { host: asked[':authority'], ...asked },
          body: String(Buffer.concat(chunks)),
        })
        if (isSilent) return
        stream.respond({ ':status': status, ...headers })
        stream.end(body)
      })
    })
    return { name, port: app.port, received, close: () => app.close() }
  }
  const server = createServer((asked, answering) => {
    const chunks: Buffer[] = []
    asked.on('data', (bytes: Buffer) => chunks.push(bytes))
    asked.on('end', () => {
      const { method = '', url = '', headers: fields } = asked
      received.push({ method, path: url, headers: fields, body: String(Buffer.concat(chunks)) })
      if (isSilent) return
      answering.writeHead(status, headers)
      answering.end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { name, port: (server.address() as AddressInfo).port, received, close }
}

export interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Called when the head of the answer is there. */
  readonly onHead?: () => unknown
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Makes one request over a connection of its own. Rejects when it is broken off. */
export async function ask(version: HttpVersion, port: number, asked: Asked = {}): Promise<Answer> {
  const { method = 'GET', path = '/', headers = {}, body } = asked
  if (version === 'http1') return await askHttp1(port, { ...asked, method, path, headers })
  const client = new H2Client(port)
  try {
    const { host, ...others } = headers
    const pseudo = { ':method': method, ':path': path, ...(host !== undefined && { ':authority': host }) }
    const stream = client.open({ ...pseudo, ...others }, { endStream: body === undefined })
    if (asked.onHead !== undefined) stream.on('response', asked.onHead)
    if (body !== undefined) stream.end(body)
    return await answerOf(stream)
  } finally {
    client.close()
  }
}

function askHttp1(port: number, { body, headers, onHead, ...asked }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const about = { ...asked, port, host: '127.0.0.1', agent: false, headers: { host: 'cart.shop', ...headers } }
    const asking = request(about, (answer) => {
      onHead?.()
      const chunks: Buffer[] = []
      answer.on('data', (bytes: Buffer) => chunks.push(bytes))
      answer.on('error', reject)
      answer.on('end', () => {
        const { statusCode: status = 0, headers: fields } = answer
        resolve({ status, headers: fields, body: Buffer.concat(chunks).toString('latin1') })
      })
    })
    asking.on('error', reject)
    asking.end(body)
  })
}

export const CART = 'name:cart.shop:80'
export const V1 = 'name:cart-v1.shop:80'
export const V2 = 'name:cart-v2.shop:80'
export const BACKENDS = { v1: [{ key: V1, weight: 1 }], v2: [{ key: V2, weight: 1 }] } as const

/** An HTTPRoute of the Service. */
export function httpRoute(...rules: RouteRuleJson[]): RouteJson {
  return { kind: 'ROUTE_KIND_HTTP', namespace: 'shop', name: 'cart', rules }
}

/** A Service to which something is attached. */
export function attach(
  destination: Destination,
  attached: { readonly routes?: readonly RouteJson[]; readonly faults?: readonly FaultJson[] },
): ServiceDestination {
  const about = destination as ServiceDestination
  const compiled = compileRouting({ ...about, ...attached }, { regex: compileRegex })
  if (compiled.kind === 'refused') throw new Error(compiled.problems.join('; '))
  const { routing } = compiled
  return { ...about, ...attached, management: TRAFFIC_MANAGEMENT, ...(routing !== undefined && { routing }) }
}

export interface RoutedMesh {
  readonly proxy: TestProxy
  /** Behind the Service itself, and the backends that its routes may name. */
  readonly cart: NamedApp
  readonly v1: NamedApp
  readonly v2: NamedApp
  ask(asked?: Asked): Promise<Answer>
}

export interface RoutedMeshOptions {
  readonly version: HttpVersion
  /** 2: another proxy before each application. */
  readonly hops?: 1 | 2
  readonly routes?: readonly RouteJson[]
  readonly faults?: readonly FaultJson[]
  readonly answer?: AppAnswer
  /** Of the client's proxy. */
  readonly proxy?: Partial<TestProxyOptions>
  /** More destinations. */
  readonly destinations?: Readonly<Record<string, Destination>>
}

/** A Service with routes, two backends, and a client's proxy. */
export async function startRoutedMesh(world: World, options: RoutedMeshOptions): Promise<RoutedMesh> {
  const { version, hops = 1, routes = [], faults = [], answer } = options
  const start = async (name: string) => world.keep(await startApp(version, name, answer))
  const [cart, v1, v2] = [await start('cart'), await start('v1'), await start('v2')]
  const hop = async (app: NamedApp) => (hops === 1 ? service([app.port]) : await behindProxy(world, app, version))
  const destinations = {
    [CART]: attach(await hop(cart), { routes, faults }),
    [V1]: named(await hop(v1), 'cart-v1'),
    [V2]: named(await hop(v2), 'cart-v2'),
    ...options.destinations,
  }
  const identity = hops === 1 ? {} : { identity: await world.identity('web') }
  const proxy = await world.proxy({ listeners: [outbound(CART)], destinations, ...identity, ...options.proxy })
  return { proxy, cart, v1, v2, ask: (asked) => ask(version, proxy.port, asked) }
}

async function behindProxy(world: World, app: NamedApp, protocol: HttpVersion): Promise<Destination> {
  const identity = await world.identity(app.name)
  const server = await world.proxy({ identity, listeners: [inbound(app.port)], protocolOf: () => protocol })
  return service([server.port], { identity: idOf(app.name), protocol })
}

/** The same Service under another name. */
export function named(destination: Destination, name: string): Destination {
  return { ...(destination as ServiceDestination), name }
}
