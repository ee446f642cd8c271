import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { systemClock } from '@heddle/base/clock'
import { expect, test } from 'vitest'
import { parseHealthCheck } from '../config/health-check.ts'
import { createProbe } from './probe.ts'

async function application(answer: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

function probeOf(check: object, appPort: number) {
  const app = { host: '127.0.0.1', port: appPort }
  const ports = [{ name: 'http', port: 8080, app, listen: undefined }]
  return createProbe(parseHealthCheck(JSON.stringify(check)), { ports, host: '127.0.0.1' }, systemClock)
}

test.each([
  { name: '200', answer: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', problem: undefined },
  { name: '302', answer: 'HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n', problem: undefined },
  { name: '503', answer: 'HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n', problem: 'GET /ok answered 503' },
  { name: 'no HTTP', answer: 'SSH-2.0\r\n\r\n', problem: 'GET /ok: ' },
  { name: 'nothing but the end', answer: '', problem: 'GET /ok: ' },
])('an HTTP probe judges $name', async ({ answer, problem }) => {
  const { server, port } = await application((socket) => socket.end(answer))
  const found = await probeOf({ httpGet: { path: '/ok', port: 'http' } }, port)(30_000)
  server.close()
  if (problem === undefined) expect(found).toBeUndefined()
  else expect(found).toContain(problem)
})

test('a probe gives up on an application that does not answer', async () => {
  const { server, port } = await application(() => {})
  const found = await probeOf({ httpGet: { path: '/', port: 8080 } }, port)(50)
  server.close()
  expect(found).toBe(`no answer at 127.0.0.1:${port} in 50 ms`)
})

test('a TCP probe is content with a connection', async () => {
  const { server, port } = await application(() => {})
  const probe = probeOf({ tcpSocket: { port: 'http' } }, port)
  expect(await probe(30_000)).toBeUndefined()
  server.close()
  await once(server, 'close')
  expect(await probe(30_000)).toContain(`127.0.0.1:${port}`)
})

test('a check of a port that the workload does not have is refused', () => {
  expect(() => probeOf({ tcpSocket: { port: 'grpc' } }, 1)).toThrow(/names port "grpc"/)
})
