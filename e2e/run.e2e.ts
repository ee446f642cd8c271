import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ControlPlane } from './harness/control-plane.ts'
import { freePort } from './harness/hops.ts'
import { HEDDLE, type Mode, TestMesh } from './harness/mesh.ts'
import { type Finished, run, type Started, start } from './harness/process.ts'
import { canRun } from './harness/requirements.ts'
import { echoUnderLoad } from './harness/shop.ts'
import { until } from './harness/until.ts'

const ECHO = resolve(import.meta.dirname, 'apps/echo.ts')
/** Sends one request at once, and ends with what came of it. */
const ASK_ONCE = `fetch('http://' + process.env.ECHO).then(async (answer) => {
  console.log(answer.status, answer.headers.get('heddle-error'), await answer.text())
  process.exitCode = answer.status === 200 ? 0 : 1
})`
/** How long a proxy may take to be ready. */
const NOT_READY_MS = 30_000
const AS_LOAD = ['-n', 'shop', '--service-account', 'load']
const CALLS_ECHO = ['--upstream', 'echo-svc.shop:80=ECHO']
/** Says that it runs, and of each signal that it came. */
const TRAPS = `
  trap 'echo got TERM; exit 7' TERM
  trap 'echo got INT; exit 8' INT
  trap 'echo got USR1' USR1
  echo up; while :; do sleep 0.05; done`

describe.each<{ mode: Mode }>([{ mode: 'explicit' }, { mode: 'transparent' }])('heddle run, $mode', ({ mode }) => {
  const test_ = test.runIf(mode === 'explicit' || canRun('root', 'ip', 'iptables'))
  let mesh: TestMesh

  beforeAll(async () => {
    if (mode === 'transparent' && !canRun('root', 'ip', 'iptables')) return
    mesh = await TestMesh.start({
      mode,
      manifests: echoUnderLoad(1),
    })
  })

  afterAll(() => mesh?.[Symbol.asyncDispose]())

  test_('the first request of an application that asks at once is answered', async () => {
    const { status, stdout, stderr } = await runIn(mesh, [...AS_LOAD, ...CALLS_ECHO, '--name', 'asker'], askOnce())
    expect(stdout, stderr).toBe('200 null echo-0\n')
    expect(status).toBe(0)
  })

  test_.each([
    { script: 'exit 0', status: 0 },
    { script: 'exit 3', status: 3 },
    { script: 'kill -TERM $$', status: 143 },
    { script: 'kill -KILL $$', status: 137 },
  ])('"$script" ends it with status $status', async ({ script, status }) => {
    const done = await runIn(mesh, AS_LOAD, ['sh', '-c', script])
    expect(done.status, done.stderr).toBe(status)
    expect(done.stdout).toBe('')
    expect(done.stderr).toMatch(/^heddle: sh-\w+ joined the mesh \(namespace shop, service account load\)$/m)
  })

  test_('a program that is not there is status 127, as in a shell', async () => {
    const done = await runIn(mesh, AS_LOAD, ['no-such-program'])
    expect(done.status).toBe(127)
    expect(done.stderr).toMatch(/no-such-program/)
  })

  test_('a program that may not be executed is status 126, as in a shell', async () => {
    const done = await runIn(mesh, AS_LOAD, ['/etc/passwd'])
    expect(done.status).toBe(126)
    expect(done.stderr).toMatch(/passwd may not be executed/)
  })

  test_.each([
    { signal: 'SIGTERM' as const, says: 'got TERM', status: 7 },
    { signal: 'SIGINT' as const, says: 'got INT', status: 8 },
  ])('passes $signal on, as well as others before it', async ({ signal, says, status }) => {
    const running = startIn(mesh, AS_LOAD, ['sh', '-c', TRAPS])
    await until('the application runs', () => running.stdout().includes('up'))
    running.process.kill('SIGUSR1')
    await until('it got SIGUSR1', () => running.stdout().includes('got USR1'))
    running.process.kill(signal)
    expect(await running.ended, running.stderr()).toBe(status)
    expect(running.stdout()).toContain(says)
  })

  test_('SIGKILL leaves no application and no proxy, and the next run no files', async () => {
    const running = startIn(mesh, AS_LOAD, ['sh', '-c', 'echo up; exec sleep 600'])
    await until('the application runs', () => running.stdout().includes('up'))
    // The shell has said so before it became `sleep`.
    const children = await until('proxy and application are its children', () => {
      const found = childrenOf(running.process.pid!)
      const commands = found.map(commandOf)
      return commands.some((command) => /proxy/.test(command)) && commands.includes('sleep 600 ') && found
    })

    running.process.kill('SIGKILL')
    await running.ended

    await until('application and proxy are gone', () => children.every((pid) => !existsSync(`/proc/${pid}`)))
    await runIn(mesh, AS_LOAD, ['true'])
    expect(readdirSync(join(mesh.home, 'runs'))).toEqual([])
  })

  test_('it serves requests of the mesh, and none fails when it ends', async () => {
    const port = await freePort()
    const flags = ['-n', 'shop', '--service-account', 'echo', '--label', 'app=echo', '--name', 'extra']
    const app = ['env', 'NAME=extra', `PORT=${port}`, 'BIND_ADDRESS=127.0.0.1', process.execPath, ECHO]
    const running = startIn(mesh, [...flags, '--port', `name=http,port=8080,app=127.0.0.1:${port}`], app)
    await until('it answers', () => (mesh.load('load').servers.extra ?? 0) > 50)
    const failedBefore = mesh.load('load').failed

    running.process.kill('SIGTERM')
    expect(await running.ended, running.stderr()).toBe(0)

    // What is counted is written down a moment later.
    await mesh.waitForSuccesses('load', 10)
    const answered = mesh.load('load').servers.extra
    await mesh.waitForSuccesses('load', 100)
    expect(mesh.load('load').servers.extra).toBe(answered)
    expect(mesh.load('load').failed - failedBefore, mesh.load('load').lastFailure).toBe(0)
  })

  test_('joins with an address, a trust bundle and a token alone', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'heddle-e2e-'))
    const control = new ControlPlane(mesh)
    const { token } = await mesh.json<{ readonly token: string }>('token', 'create', '-n', 'shop', '-s', 'load')
    const tokenFile = join(elsewhere, 'token')
    writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 })
    const joining = ['--control', control.address, '--trust-bundle', control.trustBundleFile, '--token-file', tokenFile]
    const command = [HEDDLE, 'run', ...AS_LOAD, ...CALLS_ECHO, ...joining, '--name', 'asker', '--', ...askOnce()]
    const env = { HEDDLE_HOME: join(elsewhere, 'home') }

    const first = await run(command, { env })
    const startedMs = Date.now()
    const again = await run(command, { env })

    expect(first.status, first.stderr).toBe(0)
    expect(first.stdout).toBe('200 null echo-0\n')
    expect(again.status).toBe(1)
    expect(again.stderr).toMatch(/refuses the join token of asker-\w+: the join token was used already/)
    expect(again.stderr).toMatch(/heddle token create -n shop -s load/)
    expect(Date.now() - startedMs, 'it ends at once').toBeLessThan(NOT_READY_MS / 2)
    expect(again.stdout).toBe('')
    rmSync(elsewhere, { recursive: true })
  })
})

function askOnce(): readonly string[] {
  return [process.execPath, '-e', ASK_ONCE]
}

function runIn(mesh: TestMesh, flags: readonly string[], command: readonly string[]): Promise<Finished> {
  return run([HEDDLE, 'run', ...flags, '--', ...command], { env: { HEDDLE_HOME: mesh.home } })
}

function startIn(mesh: TestMesh, flags: readonly string[], command: readonly string[]): Started {
  return start([HEDDLE, 'run', ...flags, '--', ...command], { env: { HEDDLE_HOME: mesh.home } })
}

function commandOf(pid: string): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
}

function childrenOf(pid: number): readonly string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
}
