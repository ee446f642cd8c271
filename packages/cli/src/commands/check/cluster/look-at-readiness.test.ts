import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { known, podOf, unknown } from './cluster-fixture.ts'
import { lookAtReadiness, readReasons } from './look-at-readiness.ts'

const RUNS = { status: { phase: 'Running' } }

describe('lookAtReadiness()', () => {
  test('asks the pods that run and are not ready, and leaves out who does not answer', async () => {
    const asked: string[] = []
    const ends = { metadata: { name: 'ends', namespace: 'heddle', deletionTimestamp: '2026-01-01T00:00:00Z' }, ...RUNS }
    const pods = [
      podOf('ready'),
      podOf('waits', RUNS),
      podOf('silent', RUNS),
      podOf('pending', { status: { phase: 'Pending' } }),
      podOf('ends', ends),
    ]
    const waiting = await lookAtReadiness(known(pods), async (pod) => {
      asked.push(pod)
      if (pod === 'silent') throw new Error('no port-forward')
      return ['the configuration is not read yet']
    })
    expect(asked).toEqual(['waits', 'silent'])
    expect([...waiting]).toEqual([['waits', ['the configuration is not read yet']]])
  })

  test('asks nobody where pods are not known', async () => {
    const waiting = await lookAtReadiness(unknown('may not list pods'), () => Promise.reject(new Error('asked')))
    expect(waiting.size).toBe(0)
  })
})

test.each([
  {
    status: 503,
    text: 'not listening yet\npods (v1): cannot list\n',
    reasons: ['not listening yet', 'pods (v1): cannot list'],
  },
  { status: 200, text: 'ready\n', reasons: [] },
])('readReasons() reads $status', async ({ status, text, reasons }) => {
  const server = createServer((_, response) => void response.writeHead(status).end(text)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  expect(await readReasons((server.address() as AddressInfo).port)).toEqual(reasons)
  server.close()
})
