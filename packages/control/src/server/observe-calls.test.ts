import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect'
import { AdminService } from '@heddle/api/admin'
import { createLog } from '@heddle/base/log'
import { Registry } from '@heddle/telemetry/registry'
import { expect, test } from 'vitest'
import { observeCalls } from './observe-calls.ts'

test.each([
  {
    name: 'a full disk',
    error: systemError('ENOSPC'),
    says: 'the control plane cannot keep its state: its disk is full',
  },
  { name: 'another fault of the system', error: systemError('EACCES'), says: 'internal error' },
  { name: 'a fault of ours', error: new TypeError('of /secret'), says: 'internal error' },
])('a call that ends in $name is told so far as it may be, logged and counted', async ({ error, says }) => {
  const { call, logged, registry } = world(error)
  await expect(call()).rejects.toMatchObject({ rawMessage: says, code: Code.Internal })
  expect(logged).toMatchObject([{ msg: 'call failed', error: expect.stringContaining(error.message) }])
  expect(registry.render()).toContain('code="Internal"} 1')
})

test('what was answered on purpose is passed on and not logged', async () => {
  const { call, logged } = world(new ConnectError('no such request', Code.NotFound))
  await expect(call()).rejects.toMatchObject({ rawMessage: 'no such request', code: Code.NotFound })
  expect(logged).toEqual([])
})

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: of /state/join-tokens.json`), { code })
}

/** A control plane whose answer to one call is `error`. */
function world(error: Error) {
  const logged: unknown[] = []
  const registry = new Registry()
  const calls = registry.counters('calls', { help: 'Calls.', labels: ['method', 'code'] })
  const log = createLog((line) => logged.push(JSON.parse(line)), 'info')
  const transport = createRouterTransport(
    ({ service }) => service(AdminService, { createJoinToken: () => Promise.reject(error) }),
    { router: { interceptors: [observeCalls({ calls, log })] } },
  )
  return { logged, registry, call: () => createClient(AdminService, transport).createJoinToken({}) }
}
