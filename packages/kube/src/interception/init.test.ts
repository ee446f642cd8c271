import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '@heddle/base/clock'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { applyRedirection } from './apply-redirection.ts'
import { awaitEnd } from './await-end.ts'
import { awaitReady } from './await-ready.ts'
import { countForeignSockets } from './foreign-sockets.ts'
import { parseInitCommand } from './init-command.ts'
import { runInit } from './run-init.ts'
import type { ProgramResult } from './run-program.ts'

const NO_PROGRAM: ProgramResult = { status: undefined, stdout: '', stderr: '' }
const CAN = 'CapEff:\t0000000000003000\n'
const CANNOT = 'CapEff:\t0000000000000000\n'
const GLOBAL_V6 = 'fd000000000000000000000000000002 02 40 00 80     eth0\n'
const ROUTES = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n'
const DEFAULT_ROUTE = 'eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\n'
const LOCAL_V6 = 'fe800000000000000000000000000002 02 40 20 80     eth0\n'

/** Programs called iptables that take rules as long as they may, and remember them. */
class FakeTables {
  readonly #saved = new Map<string, string>()
  readonly #failures: Readonly<Record<string, string>>
  readonly calls: string[] = []

  /** @param failures - what a tool says instead of taking rules; a tool that is not named is not installed */
  constructor(failures: Readonly<Record<string, string>>) {
    this.#failures = failures
  }

  readonly run = (name: string, _args: readonly string[], input = ''): ProgramResult => {
    this.calls.push(name)
    const tool = name.replace(/-(save|restore)$/, '')
    if (!Object.hasOwn(this.#failures, tool)) return NO_PROGRAM
    if (name.endsWith('-save')) return { status: 0, stdout: this.#saved.get(tool) ?? '', stderr: '' }
    const failure = this.#failures[tool]
    if (failure !== '') return { status: 1, stdout: '', stderr: failure! }
    const joins = input.split('\n').filter((line) => /^-A (PREROUTING|OUTPUT) /.test(line))
    const before = this.#saved.get(tool) ?? ''
    this.#saved.set(tool, `${before}${joins.join('\n')}${joins.length === 0 ? '' : '\n'}`)
    return { status: 0, stdout: '', stderr: '' }
  }

  saved(tool: string): string {
    return this.#saved.get(tool) ?? ''
  }
}

const RULES = { proxyUid: 15020, skip: { inboundPorts: [], outboundPorts: [], subnets: [] }, legacyTables: '' } as const

describe('applyRedirection()', () => {
  test('takes the variant for the present interface of the kernel', () => {
    const tables = new FakeTables({ 'iptables-nft': '', 'iptables-legacy': '' })
    expect(applyRedirection({ ...RULES, family: 'ipv4' }, tables.run)).toEqual({
      kind: 'applied',
      tool: 'iptables-nft',
    })
    expect(tables.calls.join()).not.toContain('legacy')
  })

  test('falls back to the older one', () => {
    const tables = new FakeTables({ 'ip6tables-nft': 'Protocol not supported', 'ip6tables-legacy': '' })
    expect(applyRedirection({ ...RULES, family: 'ipv6' }, tables.run)).toMatchObject({ tool: 'ip6tables-legacy' })
  })

  test('may be done again, and leads into our chains once', () => {
    const tables = new FakeTables({ 'iptables-nft': '' })
    for (let turn = 0; turn < 3; turn++) applyRedirection({ ...RULES, family: 'ipv4' }, tables.run)
    expect(tables.saved('iptables-nft').trim().split('\n')).toHaveLength(2)
  })

  test('stays with the older one where its tables have the rules', () => {
    const failing: Record<string, string> = { 'iptables-nft': 'no', 'iptables-legacy': '' }
    const tables = new FakeTables(failing)
    applyRedirection({ ...RULES, family: 'ipv4' }, tables.run)
    failing['iptables-nft'] = ''
    const again = applyRedirection({ ...RULES, family: 'ipv4', legacyTables: 'filter\nnat\n' }, tables.run)
    expect(again).toEqual({ kind: 'applied', tool: 'iptables-legacy' })
    expect(tables.saved('iptables-nft')).toBe('')
  })
})

describe('the init program', () => {
  interface Ran {
    readonly status: number
    readonly said: string
  }

  async function redirect(
    failures: Readonly<Record<string, string>>,
    files: Readonly<Record<string, string>>,
  ): Promise<Ran> {
    const said: string[] = []
    const status = await runInit(parseInitCommand(['redirect']), {
      run: new FakeTables(failures).run,
      readFile: (path) => files[path],
      uid: 0,
      clock: new ManualClock(),
      say: (line) => said.push(line),
    })
    return { status, said: said.join('\n') }
  }

  test('says which variant it took for which family', async () => {
    const { status, said } = await redirect(
      { 'iptables-nft': '', 'ip6tables-nft': '' },
      { '/proc/net/if_inet6': GLOBAL_V6 },
    )
    expect(status).toBe(0)
    expect(said).toBe('connections are redirected to the proxy: IPv4 by iptables-nft, IPv6 by ip6tables-nft')
  })

  test.each([
    {
      name: 'the right is missing',
      failures: { 'iptables-nft': 'Permission denied' },
      status: CANNOT,
      says: 'NET_ADMIN',
    },
    {
      name: 'the kernel has no nat table',
      failures: { 'iptables-nft': '', 'iptables-legacy': '', none: '' },
      fails: "can't initialize iptables table `nat': Table does not exist",
      status: CAN,
      says: 'has no nat table',
    },
    {
      name: 'a module is missing',
      failures: { 'iptables-nft': 'Extension owner revision 0 not supported, missing kernel module?' },
      status: CAN,
      says: 'lacks a part of iptables',
    },
    { name: 'there is no iptables', failures: {}, status: CAN, says: 'there is no iptables in this image' },
    { name: 'nobody knows why', failures: { 'iptables-nft': 'line 7 failed' }, status: CAN, says: 'line 7 failed' },
  ])('says what to do where $name', async ({ failures, fails, status, says }) => {
    const given = Object.fromEntries(Object.entries(failures).map(([tool, said]) => [tool, fails ?? said]))
    const ran = await redirect(given, { '/proc/self/status': status })
    expect(ran.status).toBe(1)
    expect(ran.said).toContain('error: IPv4 cannot be redirected')
    expect(ran.said).toContain(says)
  })

  test.each([
    { name: 'must be redirected where the pod has addresses of it', addresses: GLOBAL_V6, status: 1 },
    { name: 'need not where it has none but of its link', addresses: LOCAL_V6, status: 0 },
    { name: 'need not where there is none', addresses: '', status: 0 },
  ])('IPv6 $name', async ({ addresses, status }) => {
    const files = { '/proc/net/if_inet6': addresses, '/proc/self/status': CAN }
    expect((await redirect({ 'iptables-nft': '', 'ip6tables-nft': 'no' }, files)).status).toBe(status)
  })

  test.each([
    {
      name: 'must be redirected where the pod has routes of it',
      routes: `${ROUTES}${DEFAULT_ROUTE}`,
      v6: GLOBAL_V6,
      status: 1,
    },
    { name: 'need not where it leads nowhere', routes: ROUTES, v6: GLOBAL_V6, status: 0 },
    { name: 'must where IPv6 leads nowhere either', routes: ROUTES, v6: LOCAL_V6, status: 1 },
    { name: 'must where there is nothing else', routes: ROUTES, v6: '', status: 1 },
  ])('IPv4 $name', async ({ routes, v6, status }) => {
    const files = { '/proc/net/route': routes, '/proc/net/if_inet6': v6, '/proc/self/status': CAN }
    expect((await redirect({ 'iptables-nft': 'no', 'ip6tables-nft': '' }, files)).status).toBe(status)
  })
})

describe('parseInitCommand()', () => {
  test('reads ports, subnets and durations', () => {
    const args = ['redirect', '--proxy-uid=7', '--skip-inbound-ports=1,3-4', '--skip-subnets=10.0.0.0/8']
    expect(parseInitCommand(args)).toEqual({
      kind: 'redirect',
      proxyUid: 7,
      skip: {
        inboundPorts: [
          { first: 1, last: 1 },
          { first: 3, last: 4 },
        ],
        outboundPorts: [],
        subnets: ['10.0.0.0/8'],
      },
    })
    expect(parseInitCommand(['await-end', '--within=1m30s'])).toEqual({ kind: 'await-end', withinMs: 90_000 })
  })

  test.each([
    { args: [], says: 'expected one of redirect, check' },
    { args: ['constructor'], says: 'got "constructor"' },
    { args: ['check', '--within=1s'], says: 'expected --proxy-uid=VALUE' },
    { args: ['redirect', '--proxy-uid=0', '--skip-subnets=1'], says: /--skip-subnets=1: [\s\S]*--proxy-uid=0: / },
    { args: ['await-ready', '--within=soon'], says: 'expected a duration' },
  ])('refuses $args', ({ args, says }) => {
    expect(() => parseInitCommand(args)).toThrow(says)
  })
})

describe('awaitReady()', () => {
  test('waits for a 200', async () => {
    let asked = 0
    const server = createServer((_request, response) => {
      asked += 1
      response.writeHead(asked < 3 ? 503 : 200).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    expect(await awaitReady({ port, withinMs: 10_000, clock: systemClock })).toBe(true)
    expect(asked).toBe(3)
    server.close()
  })

  test('gives up', async () => {
    expect(await awaitReady({ port: 1, withinMs: 0, clock: systemClock })).toBe(false)
  })
})

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0
   1: 0100007F:3AAC 00000000:0000 0A 00000000:00000000 00:00000000 00000000 15020        0 2 1 0 100 0 0 10 0
   2: 0200000A:A000 0300000A:0050 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 100 0 0 10 0
   3: 0200000A:A001 0300000A:0050 06 00000000:00000000 00:00000000 00000000     0        0 0 1 0 100 0 0 10 0
`

describe('awaitEnd()', () => {
  test('counts what listens or is connected and is not its own', () => {
    expect(countForeignSockets(TABLE, 15020)).toBe(2)
  })

  test('waits until nothing of the application was there for a second', async () => {
    const clock = new ManualClock()
    const startMs = clock.nowMs()
    // It closes one connection, and opens the next one soon after.
    const isOpen = () => clock.nowMs() - startMs < 400 || clock.nowMs() - startMs === 800
    const ended = awaitEnd({ countSockets: () => Number(isOpen()), withinMs: 10_000, clock })
    let endedMs = 0
    void ended.then(() => {
      endedMs = clock.nowMs() - startMs
    })
    await clock.advanceAsync(3_000)
    expect(await ended).toBe(true)
    expect(endedMs).toBe(1_800)
  })

  test('waits no longer than it may', async () => {
    const clock = new ManualClock()
    const ended = awaitEnd({ countSockets: () => 1, withinMs: 1_000, clock })
    await clock.advanceAsync(2_000)
    expect(await ended).toBe(false)
  })
})
