import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Finished, run, start } from './harness/process.ts'
import { canRun } from './harness/requirements.ts'
import { until } from './harness/until.ts'

const ROOT = resolve(import.meta.dirname, '..')
const BUN = resolve(ROOT, 'node_modules/.bin/bun')
const INIT = resolve(ROOT, 'packages/kube/src/interception/main-init.ts')
const TELLER = resolve(import.meta.dirname, 'apps/port-teller.ts')

const PROXY_UID = '15020'
const POD = `heddle-pod-${process.pid}`
const LINK = `hp${process.pid}`
/** Of the ranges for documentation and tests: no network of this machine has them. */
const HOST = { ipv4: '198.18.77.1', ipv6: 'fd77:6865::1' }
const OWN = { ipv4: '198.18.77.2', ipv6: 'fd77:6865::2' }
const SKIPPED = { ipv4: '198.18.99.9', ipv6: 'fd99::9' }
const ELSEWHERE = { ipv4: '203.0.113.1', ipv6: '2001:db8:77::1' }
/** Longer than it takes to see that nobody has sockets: a second, and the start of a program. */
const END_MS = 3_000
/** How long nobody has to answer, to be nobody. */
const NOBODY_SECONDS = 1
const FAMILIES = [{ family: 'ipv4' as const }, { family: 'ipv6' as const }]
const FLAGS = ['--skip-inbound-ports=9000-9001', '--skip-outbound-ports=443', '--skip-subnets=198.18.99.0/24,fd99::/16']

describe.runIf(canRun('root', 'ip', 'iptables', 'curl'))('the init program of a pod', () => {
  let teller: ReturnType<typeof start> | undefined

  beforeAll(async () => {
    await must('ip', 'netns', 'add', POD)
    await must('ip', 'link', 'add', LINK, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', POD)
    await must('ip', 'addr', 'add', `${HOST.ipv4}/30`, 'dev', LINK)
    await must('ip', '-6', 'addr', 'add', `${HOST.ipv6}/64`, 'dev', LINK, 'nodad')
    await must('ip', 'link', 'set', LINK, 'up')
    await within('ip', 'link', 'set', 'lo', 'up')
    await within('ip', 'addr', 'add', `${OWN.ipv4}/30`, 'dev', 'eth0')
    await within('ip', '-6', 'addr', 'add', `${OWN.ipv6}/64`, 'dev', 'eth0', 'nodad')
    await within('ip', 'link', 'set', 'eth0', 'up')
    await within('ip', 'route', 'add', 'default', 'via', HOST.ipv4)
    await within('ip', '-6', 'route', 'add', 'default', 'via', HOST.ipv6)
  })

  afterAll(async () => {
    teller?.process.kill()
    await run(['ip', 'netns', 'delete', POD])
  })

  test('sees that nothing is redirected yet, as where the agent of the node is missing', async () => {
    const { status, stderr } = await init(['setpriv', '--reuid', '65534', '--clear-groups'], 'check')
    expect(status).toBe(1)
    expect(stderr).toContain('error: IPv4 connections of this pod are not redirected')
  })

  test('says that the right is missing', async () => {
    const bounded = ['setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin']
    const { status, stderr } = await init(bounded, 'redirect')
    expect(status).toBe(1)
    expect(stderr).toContain('has not the capability NET_ADMIN')
  })

  test('redirects, and changes nothing when it does so again', async () => {
    expect((await init([], 'redirect', ...FLAGS)).stderr).toMatch(/IPv4 by iptables-\w+, IPv6 by ip6tables-\w+/)
    const once = await rules()
    expect((await init([], 'redirect', ...FLAGS)).status).toBe(0)
    expect(await rules()).toEqual(once)
    expect(once.join()).toContain('HEDDLE_INBOUND')
  })

  test('sees that connections are redirected', async () => {
    const { status, stderr } = await init(['setpriv', '--reuid', '65534', '--clear-groups'], 'check')
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: 'IPv4: redirected to the proxy\nIPv6: redirected to the proxy\n',
    })
  })

  describe('leads', () => {
    beforeAll(tell)

    describe.each(FAMILIES)('over $family', ({ family }) => {
      test.each([
        { what: 'connections to the application', port: 8080, to: '15006' },
        { what: 'probes to where they are meant to go', port: 15020, to: '15020' },
        { what: 'none to the admin port', port: 15000, to: '15000' },
        { what: 'skipped ones to the application itself', port: 9000, to: '9000' },
      ])('from outside $what', async ({ port, to }) => {
        expect(await ask([], { address: OWN[family], port })).toBe(to)
      })

      test.each([
        { what: "the application's connections", port: 80, to: '15001' },
        { what: 'TLS of the application as well', port: 8443, to: '15001' },
      ])('from within $what', async ({ port, to }) => {
        expect(await ask(asUser('1000'), { address: ELSEWHERE[family], port })).toBe(to)
      })

      test.each([
        { what: "the proxy's own connections", uid: PROXY_UID, address: ELSEWHERE[family], port: 80 },
        { what: 'names over TCP', uid: '1000', address: ELSEWHERE[family], port: 53 },
        { what: 'skipped ports', uid: '1000', address: ELSEWHERE[family], port: 443 },
        { what: 'skipped subnets', uid: '1000', address: SKIPPED[family], port: 80 },
      ])('$what past the proxy', async ({ uid, address, port }) => {
        expect(await ask(asUser(uid), { address, port }, NOBODY_SECONDS)).toBe('')
      })

      test('what stays on loopback past the proxy', async () => {
        const loopback = family === 'ipv4' ? '127.0.0.1' : '::1'
        for (const address of [loopback, OWN[family]]) {
          expect(await ask(asUser('1000'), { address, port: 8080 })).toBe('8080')
        }
      })
    })
  })

  test('waits at the end of a pod until the application has closed its sockets, or its time is over', async () => {
    await tell()
    const startMs = performance.now()
    expect((await run(init.command(asUser(PROXY_UID), 'await-end', `--within=${END_MS}ms`))).status).toBe(0)
    expect(performance.now() - startMs, 'it has waited all of its time').toBeGreaterThan(END_MS)

    const waiting = start(init.command(asUser(PROXY_UID), 'await-end', '--within=10m'))
    teller?.process.kill()
    expect(await waiting.ended).toBe(0)
  })

  test('of a pod that has IPv6 only, IPv6 is enough', async () => {
    await within('ip', '-4', 'addr', 'flush', 'dev', 'eth0')
    // The program listens in the place of what listens there.
    teller?.process.kill()
    await teller?.ended
    const { status, stderr } = await init(['setpriv', '--reuid', '65534', '--clear-groups'], 'check')
    expect({ status, stderr }).toEqual({ status: 0, stderr: 'IPv6: redirected to the proxy\n' })
    expect((await init([], 'redirect', ...FLAGS)).status).toBe(0)
  })

  /** Has an application listen in the pod, where none does. */
  async function tell(): Promise<void> {
    teller ??= start(inside([process.execPath, TELLER, '15000', '15001', '15006', '15020', '8080', '9000']))
    await until('it listens', () => teller?.stdout().includes('listening'))
  }
})

function asUser(uid: string): readonly string[] {
  return inside(['setpriv', '--reuid', uid, '--clear-groups'])
}

function inside(command: readonly string[]): readonly string[] {
  return ['ip', 'netns', 'exec', POD, ...command]
}

async function init(prefix: readonly string[], ...args: readonly string[]): Promise<Finished> {
  return await run(init.command(inside(prefix), ...args))
}
init.command = (prefix: readonly string[], ...args: readonly string[]) => [...prefix, BUN, INIT, ...args]

interface Target {
  readonly address: string
  readonly port: number
}

/** What is said at an address; empty where nobody answers within `seconds`. */
async function ask(prefix: readonly string[], { address, port }: Target, seconds = 20): Promise<string> {
  const host = address.includes(':') ? `[${address}]` : address
  const command = [...prefix, 'curl', '--silent', '--http0.9', '--max-time', `${seconds}`, `http://${host}:${port}/`]
  return (await run(command)).stdout.trim()
}

async function rules(): Promise<readonly string[]> {
  const saved = await Promise.all(['iptables-save', 'ip6tables-save'].map((tool) => within(tool, '-t', 'nat')))
  return saved.map(({ stdout }) => stdout.replace(/^#.*$/gm, '').replace(/\[\d+:\d+\]/g, ''))
}

async function within(...command: readonly string[]): Promise<Finished> {
  return await must(...inside(command))
}

async function must(...command: readonly string[]): Promise<Finished> {
  const finished = await run(command)
  expect(finished.status, `${command.join(' ')}: ${finished.stderr}`).toBe(0)
  return finished
}
