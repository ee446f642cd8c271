import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Traces } from './harness/leftovers.ts'
import { HEDDLE, type StatRow } from './harness/mesh.ts'
import { type Finished, run, type Started, start } from './harness/process.ts'
import { canRun } from './harness/requirements.ts'
import { until } from './harness/until.ts'

/** Debian's `nobody`. */
const ORDINARY_UID = 65_534

/** One row of `heddle edges -o json`. */
interface Edge {
  readonly src: string
  readonly dst: string
  readonly secured: boolean
}

/** The demo as somebody runs it: their own state directory, as root or not. */
class DemoUser {
  readonly #traces = new Traces()
  readonly #home = mkdtempSync(join(tmpdir(), 'heddle-e2e-'))
  readonly #prefix: readonly string[]

  constructor(who: 'root' | 'ordinary') {
    const isRoot = process.getuid?.() === 0
    const mustChange = who === 'ordinary' && isRoot
    if (mustChange) chownSync(this.#home, ORDINARY_UID, ORDINARY_UID)
    const id = String(ORDINARY_UID)
    this.#prefix = mustChange ? ['setpriv', '--reuid', id, '--regid', id, '--clear-groups', '--'] : []
  }

  start(...args: readonly string[]): Started {
    return start([...this.#prefix, HEDDLE, ...args], { env: this.#env })
  }

  heddle(...args: readonly string[]): Promise<Finished> {
    return run([...this.#prefix, HEDDLE, ...args], { env: this.#env, deadlineMs: 100_000 })
  }

  async stat(): Promise<readonly StatRow[]> {
    const { stdout } = await this.heddle('stat', 'deploy', '-n', 'emojivote', '-o', 'json')
    return JSON.parse(stdout) as StatRow[]
  }

  async edges(): Promise<readonly Edge[]> {
    const { stdout } = await this.heddle('edges', 'deploy', '-n', 'emojivote', '-o', 'json')
    return JSON.parse(stdout) as Edge[]
  }

  /** To be called while the demo runs. */
  rememberTraces(): void {
    this.#traces.remember(this.#env.HEDDLE_HOME!)
    expect(this.#traces.hasNames).toBe(true)
  }

  expectNoTraces(): Promise<void> {
    return this.#traces.expectGone()
  }

  [Symbol.dispose](): void {
    rmSync(this.#home, { recursive: true, force: true })
  }

  get #env(): Record<string, string> {
    return { HEDDLE_HOME: join(this.#home, 'state'), HOME: this.#home, ...this.#traces.env }
  }
}

describe.each([
  { who: 'root' as const, mode: 'transparent' },
  { who: 'ordinary' as const, mode: 'explicit' },
])('heddle demo, $mode', ({ who, mode }) => {
  const isPossible = who === 'ordinary' || canRun('root', 'ip', 'iptables')

  test.runIf(isPossible)('shows golden metrics, ends by itself with status 0 and leaves nothing', async () => {
    using user = new DemoUser(who)
    // All of what follows is asked while it runs, by commands that take seconds each on a busy machine.
    const demo = user.start('demo', '--for', '45s')

    const web = await until('web is measured', async () => (await user.stat()).find(isMeasuredWeb), 60_000)
    user.rememberTraces()
    const emoji = await until('emoji is measured', async () => (await user.stat()).find(isMeasuredEmoji), 30_000)
    const voting = await until('some votes fail', async () => (await user.stat()).find(isFailingVoting), 30_000)
    await until('edges says that it is secured', async () => (await user.edges()).some(isSecuredVote), 30_000)

    expect(web.meshed).toBe('1/1')
    expect(web.latency_ms_p50).toBeGreaterThan(0)
    expect(web.latency_ms_p99).toBeGreaterThan(0)
    expect(emoji).toMatchObject({ success: 1, grpc_status: { OK: expect.any(Number) } })
    expect(Object.keys(voting.grpc_status ?? {})).toEqual(['OK', 'INTERNAL'])
    expect(await demo.ended, demo.stdout() + demo.stderr()).toBe(0)
    expect(demo.stdout()).toMatch(/web .*1\/1 .*%/)
    expect(demo.stdout() + demo.stderr()).toContain(mode)
    await user.expectNoTraces()
  })

  test.runIf(isPossible)('works again after it was killed with SIGKILL, and leaves nothing', async () => {
    using user = new DemoUser(who)
    const killed = user.start('demo')
    await until('web is measured', async () => (await user.stat()).find(isMeasuredWeb), 60_000)
    user.rememberTraces()
    killed.process.kill('SIGKILL')
    await killed.ended

    const second = await user.heddle('demo', '--for', '15s')

    expect(second.status, second.stdout + second.stderr).toBe(0)
    await user.expectNoTraces()
  })
})

/** Some votes fail by design, most do not. */
function isMeasuredWeb(row: StatRow): boolean {
  return row.name === 'web' && (row.rps ?? 0) > 0 && (row.success ?? 0) >= 0.8 && (row.success ?? 1) <= 0.99
}

/** Its calls are counted each for itself, though they share a connection. */
function isMeasuredEmoji(row: StatRow): boolean {
  return row.name === 'emoji' && (row.rps ?? 0) > 0
}

/** The vote that cannot be counted is a call that fails, with status 200 of HTTP. Of the first few votes it may be most. */
function isFailingVoting(row: StatRow): boolean {
  const { name, rps, success, grpc_status: statuses } = row
  const isSome = (success ?? 0) > 0.5 && (success ?? 1) < 1
  return name === 'voting' && (rps ?? 0) > 0 && (statuses?.INTERNAL ?? 0) > 0 && isSome
}

function isSecuredVote({ src, dst, secured }: Edge): boolean {
  return src === 'vote-bot' && dst === 'web' && secured
}
