import { readCount, readOptions } from '../tools/read-options.ts'
import { configuration, KEY, NAMESPACE, route } from './discovery/configuration.ts'
import { ControlProcess } from './discovery/control-process.ts'
import { applyObjects, join } from './discovery/join.ts'
import { type ProxyLink, type SimulatedNode, SimulatedProxy } from './discovery/simulated-proxy.ts'
import { describeSpread, type Spread, settle, spread } from './discovery/spread.ts'

const USAGE = `usage: node bench/discovery.ts [--proxies 1000] [--endpoints 100] [--routes 20] [--changes 20] [--route-changes 5]

How long a change takes to reach every proxy, and what it costs: a control plane in a process of its own, simulated proxies in
this one, each with a stream over mTLS that it acknowledges. All of them hold one Service.
`

interface Options {
  readonly proxies: number
  readonly endpoints: number
  readonly routes: number
  readonly changes: number
  readonly routeChanges: number
}

async function main(options: Options): Promise<void> {
  await using control = await ControlProcess.start(configuration(options))
  const link = await join(control, NAMESPACE, 'client')
  const startMs = performance.now()
  const proxies = await openAll(options.proxies, link)
  print('connected', `${options.proxies} proxies in ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
  const cart = await SimulatedProxy.open(nodeOf('cart', 0, 'cart'), await join(control, NAMESPACE, 'cart'), [])
  await settle()
  const cpuBefore = await control.cpuMs()
  const endpointChanges: Spread[] = []
  for (let i = 0; i < options.changes; i++) {
    endpointChanges.push(await spread(proxies, () => cart.setState(i % 2 === 0 ? 'STATE_UNHEALTHY' : 'STATE_READY')))
  }
  const cpuPerChange = ((await control.cpuMs()) - cpuBefore) / options.changes
  print('an endpoint', describeSpread(endpointChanges))
  print(
    '',
    `control plane: ${cpuPerChange.toFixed(0)} ms CPU per change, ${(await control.residentMb()).toFixed(0)} MB`,
  )
  const routeChanges: Spread[] = []
  for (let i = 0; i < options.routeChanges; i++) {
    const files = [{ path: 'route.yaml', text: route('route-of-the-bench', i + 2) }]
    routeChanges.push(await spread(proxies, () => void applyObjects(control, { files })))
  }
  if (routeChanges.length > 0) print('a route', describeSpread(routeChanges))
  for (const proxy of [...proxies, cart]) proxy.close()
}

async function openAll(count: number, link: ProxyLink): Promise<SimulatedProxy[]> {
  const proxies: SimulatedProxy[] = []
  while (proxies.length < count) {
    const batch = Array.from({ length: Math.min(50, count - proxies.length) }, (_, i) => {
      return SimulatedProxy.open(nodeOf('client', proxies.length + i, 'client'), link, [KEY])
    })
    proxies.push(...(await Promise.all(batch)))
  }
  return proxies
}

function nodeOf(workload: string, index: number, app: string): SimulatedNode {
  const address = `10.3${workload.length}.${Math.floor(index / 250)}.${(index % 250) + 1}`
  return {
    namespace: NAMESPACE,
    workload,
    instance: `${workload}-i${index}`,
    serviceAccount: workload,
    labels: { app },
    ports: [{ name: 'http', port: 8080, address, addressPort: 8080 }],
  }
}

function print(what: string, text: string): void {
  process.stdout.write(`${what.padEnd(12)} ${text}\n`)
}

const { values } = readOptions(USAGE, {
  options: {
    proxies: { type: 'string', default: '1000' },
    endpoints: { type: 'string', default: '100' },
    routes: { type: 'string', default: '20' },
    changes: { type: 'string', default: '20' },
    'route-changes': { type: 'string', default: '5' },
  },
})
const { proxies, endpoints, routes, changes } = values
await main({
  proxies: readCount(USAGE, '--proxies', proxies),
  endpoints: readCount(USAGE, '--endpoints', endpoints),
  routes: readCount(USAGE, '--routes', routes),
  changes: readCount(USAGE, '--changes', changes),
  routeChanges: readCount(USAGE, '--route-changes', values['route-changes']),
})
