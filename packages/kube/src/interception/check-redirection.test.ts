import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { systemClock } from '@heddle/base/clock'
import { expect, test } from 'vitest'
import { checkRedirection } from './check-redirection.ts'

const CHECK = { family: 'ipv4', outboundPort: 0, skipSubnets: [], withinMs: 1, clock: systemClock } as const

test('a pod whose rules lead nowhere is seen', async () => {
  expect(await checkRedirection(CHECK)).toBe('not-redirected')
})

test('nothing is said where the address to be tried is skipped', async () => {
  expect(await checkRedirection({ ...CHECK, skipSubnets: ['192.0.2.0/24'] })).toBe('undecided')
})

test('somebody else on the port of the proxy is named', async () => {
  const other = createServer().listen(0, '0.0.0.0')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  await expect(checkRedirection({ ...CHECK, outboundPort: port })).rejects.toThrow(
    `cannot listen on port ${port} in the place of the proxy`,
  )
  other.close()
})
