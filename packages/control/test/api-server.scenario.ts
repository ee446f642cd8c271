import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { connect } from 'node:tls'
import { describe, expect, test, vi } from 'vitest'
import type { Replica, ReplicaWorld } from './replica-world.ts'
import { beforeEachTwoReplicas, LIMIT } from './two-replicas.ts'

let world: ReplicaWorld
let one: Replica
beforeEachTwoReplicas((started) => {
  ;({ world, one } = started)
})

describe('the API server', () => {
  test('is waited for at the start, which those who look are told', async () => {
    const port = await freePort()
    const ask = async (path: string) => {
      const answer = await fetch(`http://${ADMIN_HOST}:${port}${path}`)
      return `${answer.status} ${await answer.text()}`
    }
    world.api.goDown()
    const starting = world.start('--admin', `${ADMIN_HOST}:${port}`)
    await vi.waitFor(async () => expect(await ask('/ready')).toContain('503 '), LIMIT)
    expect(await ask('/ready')).toContain('the authority is not open yet')
    expect(await ask('/live')).toBe('200 live\n')
    world.api.comeUp()
    await starting
    expect(await ask('/ready')).toBe('200 ready\n')
  })

  test('is said to whoever looks to refuse what nothing works without, with the right that lacks', async () => {
    const port = await freePort()
    const ready = async () => await (await fetch(`http://${ADMIN_HOST}:${port}/ready`)).text()
    world.api.forbidden.add('list pods')
    const starting = world.start('--admin', `${ADMIN_HOST}:${port}`)
    await vi.waitFor(async () => expect(await ready()).toContain('let ClusterRole heddle-control list pods'), LIMIT)
    expect(await ready()).toMatch(/\nthe configuration is not read yet\npods \(v1\): .* cannot list resource "pods"/)
    world.api.forbidden.clear()
    await starting
    expect(await ready()).toBe('ready\n')
  })

  test('knows the webhooks by the name of their Service and the trust bundle', async () => {
    const { host, port } = one.control.webhookAddress!
    const ca = await readFile(one.control.trustBundleFile)
    const socket = connect({ host, port, ca, servername: 'heddle-webhook.heddle.svc', ALPNProtocols: ['h2'] })
    await once(socket, 'secureConnect')
    expect([socket.authorized, socket.alpnProtocol]).toEqual([true, 'h2'])
    socket.destroy()
  })
})

/** Nobody else asks the kernel for a port of it, who could be given the same. */
const ADMIN_HOST = '127.0.0.77'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, ADMIN_HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
