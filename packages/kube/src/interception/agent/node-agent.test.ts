import { createLog } from '@heddle/base/log'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import type { KubeClient, KubeObject, WatchEvent } from '../../client/client.ts'
import { findProcess, type ProcessTable } from './find-process.ts'
import { runNodeAgent } from './node-agent.ts'
import { toWaitingPod } from './waiting-pod.ts'

const ID = 'ab'.repeat(32)
const COMMAND = ['bun', '/heddle/init.js', 'check', '--proxy-uid=15020', '--skip-inbound-ports=9104']

function podWith(spec: object = {}, status: object = {}): KubeObject {
  const initContainers = [{ name: 'heddle-validate', command: COMMAND }, { name: 'heddle-proxy' }]
  const state = { name: 'heddle-validate', containerID: `containerd://${ID}`, state: { running: {} } }
  return {
    metadata: { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '1' },
    spec: { initContainers, ...spec },
    status: { initContainerStatuses: [state], ...status },
  }
}

describe('toWaitingPod()', () => {
  test('tells container and rules of a pod that waits', () => {
    expect(toWaitingPod(podWith())).toEqual({
      name: 'shop/web',
      containerId: ID,
      proxyUid: 15020,
      skip: { inboundPorts: [{ first: 9104, last: 9104 }], outboundPorts: [], subnets: [] },
    })
  })

  test.each([
    { name: 'is on the network of the node', pod: podWith({ hostNetwork: true }) },
    { name: 'has no such container', pod: podWith({ initContainers: [] }) },
    { name: 'does not wait yet', pod: podWith({}, { initContainerStatuses: [] }) },
    {
      name: 'waits no longer',
      pod: podWith({}, { initContainerStatuses: [{ name: 'heddle-validate', containerID: `x://${ID}`, state: {} }] }),
    },
    {
      name: 'names a container that no runtime names so',
      pod: podWith(
        {},
        { initContainerStatuses: [{ name: 'heddle-validate', containerID: 'x://../1', state: { running: {} } }] },
      ),
    },
  ])('lets be a pod that $name', ({ pod }) => {
    expect(toWaitingPod(pod)).toBeUndefined()
  })

  test('refuses flags that are none', () => {
    const command = [...COMMAND, '--skip-subnets=$(reboot)']
    expect(() => toWaitingPod(podWith({ initContainers: [{ name: 'heddle-validate', command }] }))).toThrow(
      'skip-subnets',
    )
  })
})

const PROCESSES: Readonly<Record<string, readonly [cgroup: string, network: string]>> = {
  '1': ['0::/init.scope', 'net:[1]'],
  '7': [`0::/kubepods/pod1/cri-containerd-${ID}.scope`, 'net:[1]'],
  '8': [`0::/kubepods/pod2/cri-containerd-${ID}.scope`, 'net:[2]'],
}

function table(processes = PROCESSES): ProcessTable {
  return {
    list: () => Object.keys(processes),
    cgroupOf: (id) => processes[id]?.[0],
    networkOf: (id) => processes[id]?.[1],
  }
}

describe('findProcess()', () => {
  test("finds the container's process, but never one in the network of the node", () => {
    expect(findProcess(ID, table())).toBe('8')
    expect(findProcess('cd'.repeat(32), table())).toBeUndefined()
  })
})

describe('runNodeAgent()', () => {
  interface World {
    readonly ran: (readonly string[])[]
    readonly clock: ManualClock
    readonly tell: (event: WatchEvent) => Promise<void>
    readonly end: AbortController
  }

  async function start(pods: readonly KubeObject[], processes: ProcessTable = table()): Promise<World> {
    const ran: (readonly string[])[] = []
    const clock = new ManualClock()
    const end = new AbortController()
    let hear: (event: WatchEvent) => void = () => undefined
    const events = async function* (): AsyncGenerator<WatchEvent> {
      while (!end.signal.aborted) yield await new Promise<WatchEvent>((resolve) => (hear = resolve))
    }
    const list = { items: pods, resourceVersion: '1' }
    const client = {
      list: () => Promise.resolve(list),
      listPages: async function* () {
        yield list
      },
      watch: () => events(),
    } as unknown as KubeClient
    const run = (name: string, args: readonly string[]) => {
      ran.push([name, ...args])
      return { status: 0, stdout: '', stderr: '' }
    }
    const log = createLog(() => undefined, 'off')
    const deps = { client, nodeName: 'n1', processes, run, initProgram: ['init'], clock, log }
    await runNodeAgent(deps, end.signal)
    const tell = async (event: WatchEvent) => {
      hear(event)
      await clock.advanceAsync(0)
    }
    return { ran, clock, tell, end }
  }

  test('redirects in the network of the container that waits, once', async () => {
    const { ran, clock, end } = await start([podWith()])
    await clock.advanceAsync(0)
    const flags = ['--proxy-uid=15020', '--skip-inbound-ports=9104']
    expect(ran).toEqual([['nsenter', '--net=/proc/8/ns/net', '--', 'init', 'redirect', ...flags]])
    end.abort()
  })

  test('keeps nothing of a container that has ended', async () => {
    const { ran, clock, tell, end } = await start([podWith()])
    await clock.advanceAsync(0)
    const ended = podWith({}, { initContainerStatuses: [] })
    await tell({ type: 'MODIFIED', object: { ...ended, metadata: { ...ended.metadata, resourceVersion: '2' } } })
    const again = podWith()
    await tell({ type: 'MODIFIED', object: { ...again, metadata: { ...again.metadata, resourceVersion: '3' } } })
    expect(ran).toHaveLength(2)
    end.abort()
  })

  test('waits for a process that is not there yet', async () => {
    const processes: Record<string, readonly [string, string]> = { '1': PROCESSES['1']! }
    const { ran, clock, end } = await start([podWith()], table(processes))
    await clock.advanceAsync(500)
    expect(ran).toEqual([])
    processes['8'] = PROCESSES['8']!
    await clock.advanceAsync(500)
    expect(ran).toHaveLength(1)
    end.abort()
  })

  test('lets nobody wait for a pod that says nonsense', async () => {
    const bad = podWith({ initContainers: [{ name: 'heddle-validate', command: ['check', '--nonsense'] }] })
    const { ran, clock, end } = await start([{ ...bad, metadata: { ...bad.metadata, name: 'bad' } }, podWith()])
    await clock.advanceAsync(0)
    expect(ran).toHaveLength(1)
    end.abort()
  })
})
