import { expect, test } from 'vitest'
import type { Cluster } from './cluster.ts'
import type { Context } from './context.ts'
import { findWorld, type WorldSearch } from './world.ts'
import type { WorldFlags } from './world-flags.ts'

const CLUSTER = { contextName: 'prod' } as Cluster
const LOCAL = { mesh: 'default' } as Context

function search({ runs = false, hasFile = false } = {}): WorldSearch & { readonly opened: WorldFlags[] } {
  const opened: WorldFlags[] = []
  return {
    opened,
    findLocal: async () => (runs ? LOCAL : undefined),
    openCluster: async (flags) => {
      opened.push(flags)
      return CLUSTER
    },
    hasKubeconfig: () => hasFile,
  }
}

const FLAGS: WorldFlags = { heddleNamespace: 'heddle' }

test.each([
  { name: 'a mesh that runs here', runs: true, hasFile: true, flags: {}, kind: 'local' },
  { name: 'the cluster of the kubeconfig where none runs', runs: false, hasFile: true, flags: {}, kind: 'cluster' },
  { name: 'a cluster by its context', runs: true, hasFile: false, flags: { context: 'prod' }, kind: 'cluster' },
  { name: 'a cluster by its file', runs: true, hasFile: false, flags: { kubeconfig: 'k' }, kind: 'cluster' },
  { name: 'a cluster by impersonation', runs: true, hasFile: true, flags: { as: 'ann' }, kind: 'cluster' },
  { name: 'a mesh by its name', runs: true, hasFile: true, flags: { mesh: 'default' }, kind: 'local' },
])('findWorld() takes $name', async ({ runs, hasFile, flags, kind }) => {
  expect((await findWorld({ ...FLAGS, ...flags }, search({ runs, hasFile }))).kind).toBe(kind)
})

test.each([
  { flags: {}, says: 'no mesh runs here' },
  { flags: { mesh: 'shop' }, says: 'mesh "shop" does not run here' },
  { flags: { mesh: 'shop', context: 'prod' }, says: '--mesh is for a mesh on this host' },
])('findWorld() refuses $flags when there is nothing: $says', async ({ flags, says }) => {
  await expect(findWorld({ ...FLAGS, ...flags }, search())).rejects.toThrow(says)
})

test('findWorld() does not fall back to a cluster for a mesh that was named', async () => {
  await expect(findWorld({ ...FLAGS, mesh: 'shop' }, search({ hasFile: true }))).rejects.toThrow('does not run here')
})
