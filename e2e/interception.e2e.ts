import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { resolve } from 'node:path'
import { createTestCa } from '@heddle/testkit/test-ca'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HEDDLE, TestMesh } from './harness/mesh.ts'
import { type Finished, run } from './harness/process.ts'
import { canRun } from './harness/requirements.ts'
import { applicationsOf, bridgeOf } from './harness/run-state.ts'
import { echoManifests } from './harness/shop.ts'
import { until } from './harness/until.ts'

const APPS = resolve(import.meta.dirname, 'apps')
const GET = { send: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', end: true }
const UPGRADE = [
  {
    send: 'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    until: '\r\n\r\n',
  },
  { send: 'one', until: 'one' },
  { send: '\x81\x05hello', until: '\x81\x05hello' },
]

const OWN_ADDRESS = 'valueFrom: { fieldRef: { fieldPath: status.address } }'

interface Talk {
  readonly received: string
  readonly firstMs: number
  readonly fingerprint?: string
}

const own = await (await createTestCa()).issueFor('spiffe://elsewhere.example/ns/a/sa/b')

function speakersManifests(certificate: string, key: string, address: string): string {
  const ports = { banner: 25, opaque: 9000, upgrade: 81, tls: 443 }
  const names = Object.keys(ports)
  return `apiVersion: v1
kind: ServiceAccount
metadata: { name: speakers, namespace: shop }
---
apiVersion: v1
kind: Service
metadata: { name: speak-svc, namespace: shop }
spec:
  selector: { app: speakers }
  ports:
${Object.entries(ports)
  .map(([name, port]) => `    - { name: ${name}, port: ${port}, targetPort: ${name} }`)
  .join('\n')}
---
apiVersion: v1
kind: Service
metadata: { name: speak-headless, namespace: shop }
spec: { clusterIP: None, selector: { app: speakers }, ports: [{ port: 8103 }] }
---
apiVersion: heddle.dev/v1alpha1
kind: Workload
metadata: { name: speakers, namespace: shop, labels: { app: speakers } }
spec:
  serviceAccount: speakers
  command: [${process.execPath}, ${APPS}/speakers.ts]
  ports:
${names.map((name, index) => `    - { name: ${name}, port: ${8101 + index} }`).join('\n')}
  env:
    - { name: TLS_CERT_FILE, value: ${certificate} }
    - { name: TLS_KEY_FILE, value: ${key} }
    - { name: BIND_ADDRESS, ${address} }
${names.map((name) => `    - { name: ${name.toUpperCase()}_PORT, valueFrom: { portRef: { name: ${name} } } }`).join('\n')}
---
apiVersion: heddle.dev/v1alpha1
kind: Workload
metadata: { name: client, namespace: shop, labels: { app: client } }
spec:
  serviceAccount: load
  command: [sleep, "1000"]
`
}

function manifests(file: (name: string) => string, address: string) {
  writeFileSync(file('own.pem'), own.certificateChainPem)
  writeFileSync(file('own.key'), own.privateKeyPem)
  return {
    'echo.yaml': echoManifests(2),
    'speakers.yaml': speakersManifests(file('own.pem'), file('own.key'), address),
  }
}

describe.runIf(canRun('root', 'ip', 'iptables'))('in a namespace of its own a workload', () => {
  let mesh: TestMesh
  let client: number
  let echo: number
  let speakers: number

  beforeAll(async () => {
    mesh = await TestMesh.start({ mode: 'transparent', manifests: (file) => manifests(file, 'value: "::"') })
    client = applicationsOf(mesh, 'client').get('client-0')!
    echo = applicationsOf(mesh, 'echo').get('echo-1')!
    speakers = applicationsOf(mesh, 'speakers').get('speakers-0')!
    // Names follow readiness within a second or two.
    const resolve = () => inside(client, ['getent', 'hosts', 'speak-headless'])
    await until('the name of the headless Service has an address', async () => (await resolve()).status === 0)
  })

  afterAll(() => mesh?.[Symbol.asyncDispose]())

  test.each(['echo-svc', 'echo-svc.shop', 'echo-svc.shop.svc', 'echo-svc.shop.svc.cluster.local'])(
    'reaches a Service as %s',
    async (name) => {
      expect((await talk(`${name}:80`, [GET])).received).toMatch(/^HTTP\/1\.1 200 [\s\S]*echo-[01]$/)
    },
  )

  test('reaches the instances of a headless Service by its name, secured', async () => {
    const before = await countRequests(speakers)
    expect((await talk('speak-headless:8103', [GET])).received).toMatch(/^HTTP\/1\.1 200 [\s\S]*speakers/)
    await expectMore(speakers, before, 1)
  })

  test.each([{ family: 4 }, { family: 6 }])(
    'reaches one instance by its IPv$family address, secured',
    async ({ family }) => {
      const target = `${await addressOf(speakers, family)}:8103`
      const before = await countRequests(speakers)
      for (let turn = 0; turn < 4; turn++) {
        expect((await talk(target, [GET])).received).toMatch(/^HTTP\/1\.1 200 [\s\S]*speakers/)
      }
      await expectMore(speakers, before, 4)
    },
  )

  test('reaches itself through its own Service, secured', async () => {
    const before = await countRequests(speakers)
    const { received } = parse(await inside(speakers, talkCommand('speak-svc:81', [GET])))
    expect(received).toMatch(/^HTTP\/1\.1 200 [\s\S]*speakers/)
    await expectMore(speakers, before, 1)
  })

  test('cannot go around the proxy under another user id', async () => {
    const before = await countRequests(echo)
    const address = await addressOf(echo, 4)
    const command = ['setpriv', '--reuid', '12345', '--clear-groups', '--', ...talkCommand(`${address}:8080`, [GET])]
    expect(parse(await inside(client, command)).received).toMatch(/echo-1$/)
    await expectMore(echo, before, 1)
  })

  test('hears a server that speaks first, soon, and at once the next time', async () => {
    const steps = [{ until: '220 ready' }, { send: 'QUIT\r\n', until: 'QUIT' }]
    const first = await talk('speak-svc:25', steps)
    expect(first.received).toBe('220 ready\r\nQUIT\r\n')
    // Others wait 10 s, always; a busy machine takes some of them for all the parts on the way.
    expect(first.firstMs).toBeLessThan(9_000)
    expect((await talk('speak-svc:25', steps)).received).toBe('220 ready\r\nQUIT\r\n')
  })

  test('gets every octet of an unknown protocol, and ends its side alone', async () => {
    const octets = String.fromCharCode(...Array.from({ length: 256 }, (_, octet) => octet))
    const turned = String.fromCharCode(...Array.from({ length: 256 }, (_, octet) => octet ^ 0xff))
    const { received } = await talk('speak-svc:9000', [{ send: octets, until: turned }, { end: true }])
    expect(received).toBe(`${turned}end`)
  })

  test('may upgrade a connection', async () => {
    const { received } = await talk('speak-svc:81', UPGRADE)
    expect(received).toMatch(/^HTTP\/1\.1 101 /)
  })

  test('speaks TLS of its own with the certificate of the application', async () => {
    const { received, fingerprint } = parse(
      await inside(client, ['env', 'TLS=1', ...talkCommand('speak-svc:443', [{ until: 'secret' }])]),
    )
    expect(received).toBe('a secret of the application')
    expect(fingerprint).toBe(new X509Certificate(own.certificateChainPem).fingerprint256)
  })

  test('reaches what is not in the mesh, and that is counted as not secured', async () => {
    const outside = createServer((_request, response) => void response.end('from outside'))
    const host = await bridgeAddress(mesh)
    await new Promise<void>((done) => outside.listen(0, host, done))
    const { port } = outside.address() as { readonly port: number }
    expect((await talk(`${host}:${port}`, [GET])).received).toMatch(/^HTTP\/1\.1 200 [\s\S]*from outside$/)
    outside.close()
    const requests = await until('it is counted', async () => {
      const ofPort = (await metricsOf(client)).filter((line) => line.includes(`port="${port}"`))
      const counted = ofPort.filter((line) => line.startsWith('heddle_requests_total{'))
      return counted.length > 0 && counted
    })
    expect(requests).toEqual([expect.stringMatching(/security="destination_unmeshed".*status="200"} 1$/)])
  })

  test('is told in a word what is wrong with a port that no Service has', async () => {
    const { received } = await talk('echo-svc:81', [GET])
    expect(received).toMatch(/^HTTP\/1\.1 502 [\s\S]*heddle-error: destination_not_found\r\n/)
  })

  test('is seen by edges as secured with everybody in the mesh', async () => {
    const seen = async () => {
      const edges = await mesh.json<readonly { src: string; dst: string; secured: boolean }[]>(
        'edges',
        'deploy',
        '-n',
        'shop',
      )
      return edges.filter(({ src }) => src === 'client').map(({ dst, secured }) => `${dst} ${secured}`)
    }
    await talk('echo-svc:80', [GET])
    await talk('speak-svc:81', [GET])
    const all = await until('both edges are secured', async () => {
      const rows = await seen()
      return rows.includes('echo true') && rows.includes('speakers true') && rows
    })
    expect(all).not.toContain('echo false')
  })

  async function talk(target: string, steps: readonly object[]): Promise<Talk> {
    return parse(await inside(client, talkCommand(target, steps)))
  }
})

test('explicit mode carries an upgraded connection as well', async () => {
  await using mesh = await TestMesh.start({ mode: 'explicit', manifests: (file) => manifests(file, OWN_ADDRESS) })
  const joining = [
    '-n',
    'shop',
    '--service-account',
    'load',
    '--upstream',
    'speak-svc.shop:81=TARGET',
    '--name',
    'talker',
  ]
  const shell = `exec ${process.execPath} ${APPS}/talk.ts "$TARGET" '${JSON.stringify(UPGRADE)}'`
  const env = { HEDDLE_HOME: mesh.home }
  const done = await run([HEDDLE, 'run', ...joining, '--', 'sh', '-c', shell], { env })
  expect(done.stderr).toMatch(/^.*joined.*\n$/)
  expect(parse({ ...done, stderr: '' }).received).toMatch(/^HTTP\/1\.1 101 /)
})

function talkCommand(target: string, steps: readonly object[]): readonly string[] {
  return [process.execPath, `${APPS}/talk.ts`, target, JSON.stringify(steps)]
}

/** Runs a command where the process of `pid` lives, as its application would. */
function inside(pid: number, command: readonly string[]): Promise<Finished> {
  return run(['nsenter', '--target', String(pid), '--net', '--mount', '--', ...command])
}

function parse({ status, stdout, stderr }: Finished): Talk {
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return JSON.parse(stdout) as Talk
}

async function addressOf(pid: number, family: number): Promise<string> {
  const { stdout } = await inside(pid, ['ip', '-o', `-${family}`, 'addr', 'show', 'dev', 'eth0', 'scope', 'global'])
  const address = / inet6? ([^/]+)\//.exec(stdout)?.[1] ?? ''
  expect(address, stdout).not.toBe('')
  return family === 6 ? `[${address}]` : address
}

async function bridgeAddress(mesh: TestMesh): Promise<string> {
  const { stdout } = await run(['ip', '-o', '-4', 'addr', 'show', 'dev', bridgeOf(mesh)])
  return / inet ([^/]+)\//.exec(stdout)![1]!
}

/** Lines of the metrics of the proxy beside the process of `pid`. */
async function metricsOf(pid: number): Promise<readonly string[]> {
  const script = "fetch('http://127.0.0.1:15000/metrics').then(async (answer) => console.log(await answer.text()))"
  return (await inside(pid, [process.execPath, '-e', script])).stdout.split('\n')
}

/** The proxy beside the process of `pid` has taken in so many requests since it counted `before`, each of them secured. */
async function expectMore(pid: number, before: Counts, requests: number): Promise<void> {
  const since = async () => {
    const { mtls, plain } = await countRequests(pid)
    return { mtls: mtls - before.mtls, plain: plain - before.plain }
  }
  // They are counted when they have ended, which the client may know first.
  const more = await until('they are counted', async () => {
    const now = await since()
    return now.mtls + now.plain >= requests && now
  })
  expect(more).toEqual({ mtls: requests, plain: 0 })
}

interface Counts {
  readonly mtls: number
  readonly plain: number
}

/** How many requests the proxy beside the process of `pid` has taken in. */
async function countRequests(pid: number): Promise<Counts> {
  const series = (await metricsOf(pid)).filter((line) => /^heddle_requests_total\{.*direction="inbound"/.test(line))
  const sum = (lines: readonly string[]) => lines.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0)
  const isMtls = (line: string) => line.includes('security="mtls"')
  return { mtls: sum(series.filter(isMtls)), plain: sum(series.filter((line) => !isMtls(line))) }
}
