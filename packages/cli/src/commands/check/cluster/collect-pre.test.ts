import { createKubeClient } from '@heddle/kube/client'
import { CLUSTER_ROLES } from '@heddle/kube/resources'
import { startFakeApiServer } from '@heddle/testkit/fake-api-server'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import type { Cluster } from '../../../client/cluster.ts'
import { GOOD_PRE } from './cluster-fixture.ts'
import { collectPre } from './collect-pre.ts'

test('what is looked at before an installation: rights, other installations, and whether a pod is admitted', async () => {
  await using server = await startFakeApiServer()
  server.addRule(({ path }) => {
    if (path.endsWith('/selfsubjectaccessreviews'))
      return { status: 201, body: JSON.stringify({ status: { allowed: true } }) }
    if (path.endsWith('/pods'))
      return { status: 403, body: JSON.stringify({ kind: 'Status', message: 'violates PodSecurity' }) }
    return undefined
  })
  const kube = createKubeClient(server.access, { clock: new ManualClock() })
  const makeRole = (name: string, labels: Readonly<Record<string, string>>) =>
    kube.create(CLUSTER_ROLES, { metadata: { name, labels } })
  await makeRole('heddle-control', { 'heddle.dev/installation': 'mesh' })
  await makeRole('heddle-objects-view', { 'heddle.dev/installation': 'mesh' })
  await makeRole('of-this-one', { 'heddle.dev/installation': 'heddle' })
  await makeRole('admin', {})
  const { access } = server
  const cluster: Cluster = {
    access,
    kube,
    contextName: 'dev',
    server: access.server,
    namespace: 'shop',
    heddleNamespace: 'heddle',
  }
  const facts = await collectPre(GOOD_PRE, cluster)
  expect(facts.namespaceExists).toEqual({ kind: 'known', value: false })
  expect(facts.otherInstallations).toEqual({ kind: 'known', value: ['mesh'] })
  expect(facts.podRefusal).toEqual({ kind: 'known', value: 'in namespace "shop": violates PodSecurity' })
  const { rights } = facts
  expect(rights.kind === 'known' && rights.value.map(({ verb, resource }) => `${verb} ${resource}`)).toEqual(
    expect.arrayContaining(['create clusterroles.rbac.authorization.k8s.io', 'get secrets']),
  )
})
