import { createKubeClient, type KubeObject } from '@heddle/kube/client'
import { loadClusterAccess } from '@heddle/kube/kubeconfig'
import { CONFIG_MAPS, DEPLOYMENTS } from '@heddle/kube/resources'
import { expect, test } from 'vitest'
import { type ConfigMap, configMap } from './following.ts'
import { deployment, echoContainer } from './objects.ts'
import { cluster, withNamespace } from './test-namespace.ts'

/** The client of packages/kube against an API server as users have it: objects. */

interface Deployment extends KubeObject {
  readonly spec?: { readonly replicas?: number; readonly paused?: boolean }
  readonly status?: { readonly observedGeneration?: number }
}

const client = createKubeClient(await loadClusterAccess({ kubeconfig: cluster.kubeconfig }))

test('writes and reads objects, and fails in the words of the API server', () =>
  withNamespace(async (namespace) => {
    const created = await client.create<ConfigMap>(CONFIG_MAPS, configMap(namespace, 'a', '1'))
    const ref = { resource: CONFIG_MAPS, namespace: namespace.name, name: 'a' }
    expect(await client.get(ref)).toEqual(created)
    await expect(client.create(CONFIG_MAPS, configMap(namespace, 'a', '1'))).rejects.toMatchObject({
      status: 409,
      reason: 'AlreadyExists',
      message: 'configmaps "a" already exists',
    })
    const updated = await client.update<ConfigMap>(CONFIG_MAPS, { ...created, data: { value: '2' } })
    expect(updated.data).toEqual({ value: '2' })
    await expect(client.update(CONFIG_MAPS, { ...created, data: {} })).rejects.toMatchObject({ reason: 'Conflict' })
    await expect(client.delete(ref, { uid: '00000000' })).rejects.toMatchObject({ status: 409 })
    expect(await client.delete(ref, { uid: created.metadata.uid! })).toBe(true)
    expect(await client.delete(ref)).toBe(false)
    expect(await client.get(ref)).toBeUndefined()
    const wrong = { metadata: { namespace: namespace.name, name: 'Not A Name' } }
    const refused = client.create(CONFIG_MAPS, wrong)
    await expect(refused).rejects.toMatchObject({ status: 422, reason: 'Invalid' })
    await expect(refused).rejects.toHaveProperty('details.causes.0.field', 'metadata.name')
  }))

test('applies on the server, and is told of fields that another manager owns', () =>
  withNamespace(async ({ name: namespace }) => {
    const named = { metadata: { namespace, name: 'web' } }
    const spec = { ...(deployment('web', { containers: [echoContainer()] }, 0) as { spec: object }).spec }
    const apply = (object: object, options: object) =>
      client.apply<Deployment>(DEPLOYMENTS, { ...named, spec: object }, { fieldManager: 'heddle', ...options })
    expect((await apply(spec, { dryRun: true })).metadata.uid).toBeDefined()
    expect(await client.get({ resource: DEPLOYMENTS, namespace, name: 'web' })).toBeUndefined()
    const first = await apply({ ...spec, paused: true }, {})
    const again = await apply({ ...spec, paused: true }, {})
    expect([again.metadata.uid, again.metadata.generation]).toEqual([first.metadata.uid, 1])
    await expect(apply({ replicas: 3 }, { fieldManager: 'other' })).rejects.toMatchObject({
      status: 409,
      reason: 'Conflict',
      message: expect.stringContaining('conflict with "heddle"'),
    })
    const taken = await apply({ replicas: 3 }, { fieldManager: 'other', force: true })
    expect(taken.spec).toMatchObject({ replicas: 3, paused: true })
    const { replicas: _given, ...rest } = spec as { replicas: number }
    expect((await apply(rest, {})).spec).toMatchObject({ replicas: 3 })
    expect((await apply(rest, {})).spec?.paused).toBeUndefined()
  }))

test('patches by every kind of patch, also the status alone', () =>
  withNamespace(async ({ name: namespace }) => {
    const spec = (deployment('web', { containers: [echoContainer()] }, 0) as { spec: object }).spec
    await client.create(DEPLOYMENTS, { metadata: { namespace, name: 'web' }, spec })
    const ref = { resource: DEPLOYMENTS, namespace, name: 'web' }
    const merged = await client.patch<Deployment>(ref, { spec: { paused: true } }, { type: 'merge' })
    expect(merged.spec?.paused).toBe(true)
    const container = { name: 'echo', env: [{ name: 'ADDED', value: 'yes' }] }
    const strategic = { spec: { template: { spec: { containers: [container] } } } }
    const added = await client.patch<Deployment>(ref, strategic, { type: 'strategic' })
    expect(added.spec).toMatchObject({
      template: { spec: { containers: [{ ...container, args: ['serve', ':8080'] }] } },
    })
    const operations = [{ op: 'test', path: '/spec/paused', value: false }]
    await expect(client.patch(ref, operations, { type: 'json' })).rejects.toMatchObject({ status: 422 })
    const status = { spec: { replicas: 9 }, status: { observedGeneration: 7 } }
    const told = await client.patch<Deployment>(ref, status, { type: 'merge', subresource: 'status' })
    expect([told.spec?.replicas, told.status?.observedGeneration]).toEqual([0, 7])
  }))

test('lists in pages of one version', () =>
  withNamespace(async (namespace) => {
    const names = Array.from({ length: 25 }, (_, index) => `m${String(index).padStart(2, '0')}`)
    await Promise.all(names.map((name) => client.create(CONFIG_MAPS, configMap(namespace, name, '1'))))
    const options = { namespace: namespace.name, pageSize: 10, fieldSelector: 'metadata.name!=kube-root-ca.crt' }
    const listed: string[] = []
    const versions: string[] = []
    for await (const { items, resourceVersion } of client.listPages<ConfigMap>(CONFIG_MAPS, options)) {
      listed.push(...items.map((item) => item.metadata.name))
      if (resourceVersion !== '') versions.push(resourceVersion)
    }
    expect(listed).toEqual(names)
    expect(versions.length).toBeGreaterThan(2)
    expect(new Set(versions).size).toBe(1)
    expect((await client.list(CONFIG_MAPS, options)).items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' })
  }))
