import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from './harness/hops.ts'
import { HEDDLE, type Mode, TestMesh } from './harness/mesh.ts'
import { type Started, start } from './harness/process.ts'
import { canRun } from './harness/requirements.ts'
import { echoManifests } from './harness/shop.ts'
import { until } from './harness/until.ts'

const APP = resolve(import.meta.dirname, 'apps/ws.ts')
const DELAY_MS = 500
/** Long enough for ten messages on a machine that stands still for seconds. */
const DRAIN_MS = 10_000
/** What `heddle run` itself takes to end, beside a busy machine. */
const LATE_MS = 10_000
const SERVICE = `apiVersion: v1
kind: Service
metadata: { name: chat-svc, namespace: shop }
spec:
  selector: { app: chat }
  ports: [{ name: http, port: 80, targetPort: http }]
`

describe.each<{ mode: Mode }>([{ mode: 'explicit' }, { mode: 'transparent' }])('heddle run, $mode', ({ mode }) => {
  const canStart = mode === 'explicit' || canRun('root', 'ip', 'iptables')
  let mesh: TestMesh

  beforeAll(async () => {
    if (!canStart) return
    mesh = await TestMesh.start({
      mode,
      manifests: () => ({ 'echo.yaml': echoManifests(1), 'chat.yaml': SERVICE }),
    })
  })

  afterAll(() => mesh?.[Symbol.asyncDispose]())

  test.runIf(canStart)(
    'an instance that is told to end lets open WebSockets go on until the end of its time, and gets no new ones',
    async () => {
      const server = await serve(mesh)
      const client = call(mesh)
      const late = call(mesh, mesh.file('late'))
      await until('messages come back', () => numbersOf(client) > 5)
      await until('another is about to call', () => late.stdout().includes('waiting'))

      const startMs = performance.now()
      server.process.kill('SIGTERM')
      await until('the application hears of it', () => server.stdout().includes('told to end'))
      writeFileSync(mesh.file('late'), '')
      await until('the new one is refused', () => /^refused 50[23]$/m.test(late.stdout()))
      const before = numbersOf(client)
      await until('the open one goes on', () => numbersOf(client) > before + 10)

      expect(await lastWords(client)).toBe('closed 1006')
      expect(performance.now() - startMs).toBeGreaterThan(DELAY_MS + DRAIN_MS - 500)
      expect(await server.ended, server.stderr()).toBe(0)
      expect(performance.now() - startMs).toBeLessThan(DELAY_MS + DRAIN_MS + LATE_MS)
      expect(await lastWords(late), late.stderr()).toMatch(/^refused/)
    },
  )
})

async function serve(mesh: TestMesh): Promise<Started> {
  const port = await freePort()
  const flags = ['--service-account', 'echo', '--label', 'app=chat', '--name', 'chat']
  const app = ['env', `PORT=${port}`, 'BIND_ADDRESS=127.0.0.1', process.execPath, APP, 'serve']
  const server = startIn(mesh, [...flags, '--port', `name=http,port=8080,app=127.0.0.1:${port}`], app)
  await until('it is an endpoint', async () => {
    const endpoints = await mesh.json<readonly { readonly ready: boolean }[]>('endpoints', 'chat-svc.shop:80')
    return endpoints.some(({ ready }) => ready)
  })
  return server
}

/** @param startFile - it calls when this is there, so that it does so at once; without, as soon as it runs */
function call(mesh: TestMesh, startFile?: string): Started {
  const flags = ['--service-account', 'load', '--upstream', 'chat-svc.shop:80=ECHO', '--name', 'caller']
  return startIn(mesh, flags, [process.execPath, APP, 'call', ...(startFile === undefined ? [] : [startFile])])
}

function startIn(mesh: TestMesh, flags: readonly string[], command: readonly string[]): Started {
  const env = {
    HEDDLE_HOME: mesh.home,
    HEDDLE_DRAIN_DELAY_MS: String(DELAY_MS),
    HEDDLE_DRAIN_MS: String(DRAIN_MS),
  }
  return start([HEDDLE, 'run', '-n', 'shop', ...flags, '--', ...command], { env })
}

function numbersOf(client: Started): number {
  return (client.stdout().match(/^\d+$/gm) ?? []).length
}

async function lastWords(client: Started): Promise<string | undefined> {
  await client.ended
  return client.stdout().trim().split('\n').at(-1)
}
