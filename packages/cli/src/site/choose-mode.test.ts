import { expect, test } from 'vitest'
import { chooseMode, type HostFacts } from './choose-mode.ts'

const LINUX_ROOT: HostFacts = {
  platform: 'linux',
  uid: 0,
  hasTool: () => true,
  tryNamespace: () => Promise.resolve(),
}
const REFUSING = () => Promise.reject(new Error('ip netns add: Operation not permitted'))

test('chooseMode() takes transparent where it is possible', async () => {
  expect(await chooseMode('auto', LINUX_ROOT)).toEqual({ mode: 'transparent' })
  expect(await chooseMode('transparent', LINUX_ROOT)).toEqual({ mode: 'transparent' })
})

test('chooseMode() takes explicit when asked, and tries nothing', async () => {
  expect(await chooseMode('explicit', { ...LINUX_ROOT, tryNamespace: REFUSING })).toEqual({ mode: 'explicit' })
})

test.each<{ name: string; host: HostFacts; reason: string }>([
  { name: 'another system', host: { ...LINUX_ROOT, platform: 'darwin' }, reason: 'it needs Linux' },
  { name: 'an ordinary user', host: { ...LINUX_ROOT, uid: 1000 }, reason: 'it needs root' },
  {
    name: 'a missing tool',
    host: { ...LINUX_ROOT, hasTool: (name) => name !== 'iptables-restore' },
    reason: 'iptables-restore is not installed',
  },
  {
    name: 'a container without rights',
    host: { ...LINUX_ROOT, tryNamespace: REFUSING },
    reason: 'Operation not permitted',
  },
])('chooseMode() on $name falls back only for auto, and says why', async ({ host, reason }) => {
  expect(await chooseMode('auto', host)).toEqual({ mode: 'explicit', reason: expect.stringContaining(reason) })
  await expect(chooseMode('transparent', host)).rejects.toThrow(reason)
})
