import { isIPv6 } from 'node:net'
import type { IpFamily } from '@heddle/api/kinds/service'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Finished } from '../harness/process.ts'
import { until } from '../harness/until.ts'
import type { Cluster } from './cluster.ts'
import { heddle, heddleOutput, installHeddle } from './install-heddle.ts'
import { deployment, echoContainer, service, toolsContainer } from './objects.ts'
import { untilRolledOut } from './rolled-out.ts'
import { startCluster } from './start-cluster.ts'

/**
 * Pods and Services of both families, on a cluster of its own in which IPv6 comes first: by it kubelets probe, the API server calls the
 * webhooks, and pods ask DNS and the control plane. In the clusters of all other tests IPv4 comes first.
 */

const NAMESPACE = 'shop'
const ENABLED = { 'heddle.dev/inject': 'enabled' }
const WITHIN = ['--namespace', NAMESPACE] as const
/** A busy machine is no reason to start a container anew. */
const PATIENT = { periodSeconds: 1, failureThreshold: 60 }

let cluster: Cluster
/** Of the pod that answers, by family. */
let echoAddresses: Readonly<Record<IpFamily, string>>

beforeAll(async () => {
  cluster = await startCluster({ name: `d-${process.pid.toString(36)}`, tier: 'node', firstFamily: 'IPv6' })
  await installHeddle(cluster)
  const metadata = { name: NAMESPACE, annotations: ENABLED }
  await cluster.kubectl(['create', '-f', '-'], { input: { apiVersion: 'v1', kind: 'Namespace', metadata } })
  await cluster.kubectl(['wait', '--timeout=60s', '--for=create', 'serviceaccount/default', ...WITHIN])
  await cluster.kubectl(['apply', ...WITHIN, '-f', '-'], { input: objects() })
  await untilRolledOut(cluster, NAMESPACE, ['echo', 'bound', 'client'])
  echoAddresses = byFamily(await ofEcho('{.items[0].status.podIPs[*].ip}'))
}, 300_000)
afterAll(() => cluster?.stop())

function objects(): readonly object[] {
  const startupProbe = { grpc: { port: 8080 }, ...PATIENT }
  return [
    deployment('echo', { containers: [{ ...echoContainer(), startupProbe }] }),
    deployment('bound', { containers: [boundContainer()] }),
    service('bound'),
    deployment('client', { containers: [toolsContainer()] }),
    serviceOf('both', { ipFamilyPolicy: 'RequireDualStack' }),
    serviceOf('six', { ipFamilies: ['IPv6'] }),
    serviceOf('four', { ipFamilies: ['IPv4'] }),
    serviceOf('headless', { ipFamilyPolicy: 'RequireDualStack', clusterIP: 'None' }),
  ]
}

/** Listens at the first address of its pod only, as many programs do that are given it. */
function boundContainer(): object {
  const address = { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }
  const startupProbe = { tcpSocket: { port: 'http' }, ...PATIENT }
  return { ...echoContainer(), startupProbe, args: ['serve', '[$(POD_IP)]:8080'], env: [address] }
}

/** Another Service of the same pods. */
function serviceOf(name: string, more: object): object {
  const { spec, ...echo } = service('echo') as { readonly spec: object }
  return { ...echo, metadata: { name }, spec: { ...spec, ...more } }
}

function byFamily(words: string): Readonly<Record<IpFamily, string>> {
  const all = words.split(' ')
  return { IPv4: all.find((one) => !isIPv6(one)) ?? '', IPv6: all.find(isIPv6) ?? '' }
}

const familyOf = (address: string): IpFamily => (isIPv6(address) ? 'IPv6' : 'IPv4')

function ofEcho(path: string): Promise<string> {
  return cluster.kubectl(['get', 'pods', ...WITHIN, '--selector=app=echo', `--output=jsonpath=${path}`])
}

/** Requests that came in at the proxy of `echo`, by what secured them; asked at its address of a family. */
async function received(security: string, family: IpFamily = 'IPv6'): Promise<number> {
  const answer = await fetch(`http://${toHost(echoAddresses[family])}:15020/metrics`, {
    signal: AbortSignal.timeout(2_000),
  })
  const own = ['heddle_requests_total{', 'direction="inbound"', `security="${security}"`]
  const lines = (await answer.text()).split('\n').filter((line) => own.every((part) => line.includes(part)))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

function toHost(address: string): string {
  return isIPv6(address) ? `[${address}]` : address
}

interface Asked {
  /** That the client connected to. */
  readonly address: string
  /** `IP:PORT` by which the application was connected to. */
  readonly peer: string
  /** What it listens on. */
  readonly listener: string
}

function curl(...args: readonly string[]): Promise<Finished> {
  const client = ['exec', ...WITHIN, 'deployment/client', '--container=tools', '--']
  return cluster.tryKubectl([...client, '/usr/bin/curl', '--silent', '--show-error', ...args])
}

/** Asks from the meshed pod `client`. */
async function ask(url: string, ...flags: readonly string[]): Promise<Asked> {
  const { status, stdout, stderr } = await curl(
    '--fail',
    '--max-time',
    '10',
    '--write-out',
    '%{remote_ip}',
    ...flags,
    url,
  )
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const [body = '', address = ''] = stdout.split('\n')
  const { client, address: listener } = JSON.parse(body) as { readonly client: string; readonly address: string }
  return { address, peer: client, listener }
}

test('everything of the cluster is of IPv6 first, and of IPv4 as well', async () => {
  const addresses = (await ofEcho('{.items[0].status.podIPs[*].ip}')).split(' ').map(familyOf)
  expect(addresses).toEqual(['IPv6', 'IPv4'])
  const path = '--output=jsonpath={.items[*].spec.clusterIP}'
  const ips = await cluster.kubectl(['get', 'services', '--namespace=heddle', path])
  expect(ips.split(' ').map(familyOf)).toEqual(['IPv6', 'IPv6'])
})

test('the init container redirects both families', async () => {
  expect(await cluster.kubectl(['logs', ...WITHIN, 'deployment/echo', '--container=heddle-init'])).toMatch(
    /redirected to the proxy: IPv4 by iptables-\w+, IPv6 by ip6tables-\w+/,
  )
})

test('the control plane and the proxies find nothing that fails', async () => {
  for (const flags of [[], ['--proxy', ...WITHIN]]) {
    const { status, stdout } = await heddle(cluster, ['check', '--wait', '45s', ...flags])
    expect(status, stdout).toBe(0)
  }
})

test.each([
  { url: 'http://both/', client: 'IPv6', server: 'IPv6' },
  // Whichever address of a Service is asked for, it leads to the family that the Service names first.
  { url: 'http://both/', client: 'IPv4', server: 'IPv6' },
  { url: 'http://six/', client: 'IPv6', server: 'IPv6' },
  { url: 'http://four/', client: 'IPv4', server: 'IPv4' },
  { url: 'http://headless:8080/', client: 'IPv6', server: 'IPv6' },
  { url: 'http://headless:8080/', client: 'IPv4', server: 'IPv4' },
] as const)('$url over $client is answered by the proxy of the server over $server, secured', async (way) => {
  const { url, client, server } = way
  const before = await received('mtls', server)
  const { address, peer } = await ask(url, client === 'IPv6' ? '-6' : '-4')
  expect(familyOf(address)).toBe(client)
  expect(peer.startsWith('[')).toBe(server === 'IPv6')
  await until('it is counted as secured', async () => (await received('mtls', server)) === before + 1)
  expect(await received('peer_not_meshed')).toBe(0)
})

test('a Service of IPv6 alone has no other address, and a headless one has those of its pods', async () => {
  expect((await curl('-4', 'http://six/')).stderr).toContain('Could not resolve host: six')
  for (const [flag, family] of [
    ['-4', 'IPv4'],
    ['-6', 'IPv6'],
  ] as const) {
    expect((await ask('http://headless:8080/', flag)).address).toBe(echoAddresses[family])
  }
})

test.each([
  { name: 'echo', url: 'http://six/', family: 'IPv6' },
  { name: 'echo', url: 'http://four/', family: 'IPv4' },
  { name: 'bound', url: 'http://bound/', family: 'IPv6' },
])('an instance of $name reaches itself by $url over $family', async ({ name, url, family }) => {
  const answer = await cluster.kubectl(['exec', ...WITHIN, `deployment/${name}`, '--', '/echo', 'get', url])
  const { client } = JSON.parse(answer) as { readonly client: string }
  expect(client.startsWith('[')).toBe(family === 'IPv6')
})

test('stat and edges see it', async () => {
  const output = async (...args: readonly string[]) =>
    JSON.parse(await heddleOutput(cluster, [...args, 'deploy', ...WITHIN, '-o', 'json']))
  await until('there are numbers', async () => {
    const rows = (await output('stat', '-t', '5m')) as readonly { readonly name: string; readonly success: number }[]
    return rows.find(({ name, success }) => name === 'echo' && success === 1)
  })
  const id = `spiffe://heddle.local/ns/${NAMESPACE}/sa/default`
  const secured = { secured: true, client_id: id, server_id: id }
  const edges = await until('all have called', async () => {
    const found = (await output('edges')) as readonly { readonly src: string }[]
    return found.length === 3 && found.toSorted((a, b) => (a.src < b.src ? -1 : 1))
  })
  expect(edges).toMatchObject([
    { src: 'bound', dst: 'bound', ...secured },
    { src: 'client', dst: 'echo', ...secured },
    { src: 'echo', dst: 'echo', ...secured },
  ])
})

test('a kubelet probes over IPv6, and nobody else is taken for one', async () => {
  const log = await cluster.kubectl(['logs', ...WITHIN, 'deployment/echo', '--container=echo'])
  expect(log).toMatch(/GET \/ready from \[/)
  expect(await received('probe')).toBeGreaterThan(0)
  expect(await received('peer_not_meshed')).toBe(0)
  const url = `http://[${echoAddresses.IPv6}]:8080/`
  const answer = await fetch(url, { headers: { 'user-agent': 'kube-probe/1.33', connection: 'close' } })
  expect(await answer.json()).toMatchObject({ path: '/' })
  await until('the request from without is counted', async () => (await received('peer_not_meshed')) === 1)
})

/** A pod whose port `http` is the one of `address`. */
function named(name: string, address: string): object {
  const metadata = { name, labels: { part: 'named' } }
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [echoContainer('echo', address)] } }
}

/** What one writes down for a Service without selector. */
function byHand(): readonly object[] {
  const metadata = { name: 'by-hand', labels: { 'kubernetes.io/service-name': 'by-hand' } }
  const addressType = 'IPv6'
  const ports = [{ name: 'http', port: 8080 }]
  const endpoints = [{ addresses: [echoAddresses[addressType]] }]
  return [
    serviceOf('by-hand', { selector: undefined }),
    { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata, addressType, ports, endpoints },
  ]
}

test('a Service leads to the port that each pod calls so, another by its name to it, and one without selector where it is said', async () => {
  const services = [
    serviceOf('named', { selector: { part: 'named' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] }),
    serviceOf('alias', { type: 'ExternalName', externalName: `named.${NAMESPACE}.svc.cluster.local` }),
  ]
  const input = [...services, ...byHand(), named('eight', ':8080'), named('nine', '[::]:9090')]
  await cluster.kubectl(['apply', ...WITHIN, '-f', '-'], { input })
  const ready = ['--for=condition=Ready', '--timeout=60s', 'pod/eight', 'pod/nine']
  await cluster.kubectl(['wait', ...WITHIN, ...ready], { deadlineMs: 70_000 })
  for (const host of ['named', 'alias']) {
    const listeners = new Set<string>()
    await until(`both pods behind ${host} have answered`, async () => {
      return listeners.add((await ask(`http://${host}/`)).listener).size === 2
    })
    expect(listeners).toEqual(new Set([':8080', '[::]:9090']))
  }
  const before = await received('mtls')
  expect((await ask('http://by-hand/')).listener).toBe(':8080')
  await until('it is counted as secured', async () => (await received('mtls')) === before + 1)
}, 120_000)

test('pods of a StatefulSet reach each other by their names before they are ready', async () => {
  const ask = 'for pod in 0 1; do curl --silent --fail --max-time 3 http://peer-$pod.peer:8080/ || exit 1; done'
  const container = {
    ...toolsContainer('peer'),
    command: ['/echo', 'serve', ':8080'],
    readinessProbe: { exec: { command: ['/bin/sh', '-c', ask] }, periodSeconds: 1, timeoutSeconds: 10 },
  }
  const { spec, ...set } = deployment('peer', { containers: [container] }, 2) as { readonly spec: object }
  const headless = { clusterIP: 'None', publishNotReadyAddresses: true, selector: { app: 'peer' } }
  const started = { serviceName: 'peer', podManagementPolicy: 'Parallel' }
  const input = [serviceOf('peer', headless), { ...set, kind: 'StatefulSet', spec: { ...spec, ...started } }]
  await cluster.kubectl(['apply', ...WITHIN, '-f', '-'], { input })
  const status = ['rollout', 'status', '--timeout=90s', 'statefulset/peer']
  await cluster.kubectl([...status, ...WITHIN], { deadlineMs: 100_000 })
}, 120_000)
