import { createHash } from 'node:crypto'
import { Agent, createServer, request } from 'node:http'
import { expect, test } from 'vitest'
import { startTwoHops, World } from './harness/world.ts'

const SIZES = [0, 1, 100, 1_000, 16_384, 32_767, 32_768, 65_536, 200_000, 1_000_000]

test('bodies of all sizes, many at once, come back as they were sent', async () => {
  await using world = await World.create()
  const app = createServer((incoming, answer) => {
    const { 'content-length': length } = incoming.headers
    answer.writeHead(200, length === undefined ? {} : { 'content-length': length })
    incoming.pipe(answer)
  })
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  world.owns(() => app.close())
  const { client, server } = await startTwoHops(world, (app.address() as { port: number }).port)
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  world.owns(() => agent.destroy())

  const echo = (size: number, framing: 'length' | 'chunked') =>
    new Promise<boolean>((resolve, reject) => {
      const body = Buffer.alloc(size)
      for (let at = 0; at < size; at++) body[at] = (at * 131 + size) & 255
      const headers = framing === 'length' ? { 'content-length': size } : { 'transfer-encoding': 'chunked' }
      const target = { port: client.port, host: '127.0.0.1', method: 'POST', path: `/${size}`, agent, headers }
      const outgoing = request(target, (answer) => {
        const hash = createHash('sha1')
        answer.on('data', (bytes: Buffer) => hash.update(bytes))
        answer.on('error', reject)
        answer.on('end', () => resolve(hash.digest('hex') === createHash('sha1').update(body).digest('hex')))
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })

  const echoes: Promise<boolean>[] = []
  for (let round = 0; round < 8; round++) {
    for (const size of SIZES) echoes.push(echo(size, 'length'), echo(size, 'chunked'))
  }
  expect(new Set(await Promise.all(echoes))).toEqual(new Set([true]))
  expect(client.traffic.statuses).toEqual(new Array(echoes.length).fill(200))
  expect(client.traffic.errors).toEqual([])
  expect(server.traffic.opened).toBeLessThanOrEqual(16)
}, 120_000)
