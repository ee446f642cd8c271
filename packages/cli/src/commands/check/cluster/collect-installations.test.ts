import type { KubeDraft } from '@heddle/kube/client'
import { renderInstall } from '@heddle/kube/install'
import { renderNodeAgent } from '@heddle/kube/install/node-agent'
import { readInstallValues } from '@heddle/kube/install/read-values'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { storedCluster } from '../../../../test/stored-cluster.ts'
import { GOOD_INSTALL, known } from './cluster-fixture.ts'
import { collectInstall } from './collect-install.ts'
import { collectProxies } from './collect-proxies.ts'

const VALUES = readInstallValues([])
const HERE = renderInstall(VALUES, 'heddle')
const THERE = renderInstall(VALUES, 'mesh')

/** The names of what they have alike are those of the one that was applied last. */
const BOTH: readonly KubeDraft[] = [...THERE, ...HERE.filter(({ metadata }) => metadata.namespace !== undefined)]

test.each([
  { name: 'its own alone', objects: HERE, owners: ['heddle'] },
  { name: 'one that was applied later in another namespace', objects: BOTH, owners: ['heddle', 'mesh'] },
])('what belongs to the installation says whose it is, beside $name', async ({ objects, owners }) => {
  const { expected } = await collectInstall(GOOD_INSTALL, {
    cluster: storedCluster(objects),
    clock: new ManualClock(),
    connect: () => Promise.reject(new Error('nobody answers')),
  })
  const found = new Set(expected.flatMap(({ owner }) => owner ?? []))
  expect([...found].sort()).toEqual(owners)
})

const agentOf = (namespace: string) => renderNodeAgent({ namespace, values: VALUES, installed: VALUES })

test.each([
  { name: 'its own', objects: [...HERE, ...agentOf('heddle')], owner: {} },
  { name: 'of an installation that is there', objects: [...BOTH, ...agentOf('mesh')], owner: { owner: 'mesh' } },
  { name: 'of an installation that is gone', objects: [...HERE, ...agentOf('mesh')], owner: {} },
])('an agent of nodes is known as $name', async ({ objects, owner }) => {
  const { nodeAgent } = await collectProxies(GOOD_INSTALL, storedCluster(objects), '')
  expect(nodeAgent).toEqual(known({ wanted: 0, ready: 0, ...owner }))
})
