import { readFile } from 'node:fs/promises'
import { RootAction, RootRole, RootStep } from '@heddle/api/admin'
import { readPemCertificates } from '@heddle/identity/certificate'
import { isTrustedChain } from '@heddle/identity/verify-chain'
import type { KubeDraft, KubeObject } from '@heddle/kube/client'
import { CONFIG_MAPS, MUTATING_WEBHOOKS, SECRETS } from '@heddle/kube/resources'
import { describe, expect, test, vi } from 'vitest'
import { makeRoot } from '../src/ca/make-authority.ts'
import { type ControlWorld, createControlWorld, nextUpdate } from './control-world.ts'
import type { Replica } from './replica-world.ts'
import { beforeEachTwoReplicas, LIMIT, type TwoReplicas } from './two-replicas.ts'

describe('two replicas', () => {
  let two: TwoReplicas
  beforeEachTwoReplicas((started) => {
    two = started
  })

  const bundleOf = ({ control }: Replica) => readFile(control.trustBundleFile, 'utf8')
  const change = async (replica: Replica, action: RootAction) => {
    const admin = await two.world.admin(replica, 'heddle-operator')
    return (await admin.changeRoot({ action })).root!
  }
  /** Until both of them, and all who ask them, know it. */
  const untilBoth = async (step: RootStep, roots: number) => {
    await two.untilEachSays(async (admin) => {
      expect((await admin.getHealth({})).root).toMatchObject({ step, roots: { length: roots } })
    })
    for (const replica of [two.one, two.other]) {
      await vi.waitFor(async () => expect(readPemCertificates(await bundleOf(replica))).toHaveLength(roots), LIMIT)
    }
  }

  test('change the root together: proxies of both are told, certificates of both are taken, and nobody is cut off', async () => {
    const { world, one, other } = two
    const before = await bundleOf(one)
    const watch = await world.watch(other, 'web')
    await two.acknowledge(watch)
    const signedBefore = await world.certificate(one, 'web')

    // Asked of one of them, whichever leads.
    expect(await change(other, RootAction.ROTATE)).toMatchObject({ step: RootStep.PREPARED })
    await untilBoth(RootStep.PREPARED, 2)
    const both = await bundleOf(one)
    expect((await nextUpdate(watch)).trustBundlePem).toBe(both)

    expect(await change(one, RootAction.ACTIVATE)).toMatchObject({ step: RootStep.ACTIVATED })
    await untilBoth(RootStep.ACTIVATED, 2)
    const signedAfter = await Promise.all([one, other].map((replica) => world.certificate(replica, 'web')))
    for (const { certificateChainPem } of signedAfter) {
      expect(isTrustedChain({ certificateChainPem, trustBundlePem: both }, Date.now())).toBe(true)
      expect(isTrustedChain({ certificateChainPem, trustBundlePem: before }, Date.now())).toBe(false)
    }
    // By a certificate of either root one is the same.
    for (const tls of [signedBefore, signedAfter[0]!]) await world.certificate(other, 'web', { tls })

    expect(await change(other, RootAction.RETIRE)).toMatchObject({ step: RootStep.STEADY })
    await untilBoth(RootStep.STEADY, 1)
    const after = await bundleOf(one)
    expect((await nextUpdate(watch)).trustBundlePem).toBe(after)
    await world.certificate(one, 'web', { tls: signedAfter[1]! })
    await expect(world.certificate(one, 'web', { tls: signedBefore })).rejects.toThrow()
    watch.end()
    // They go on to know each other.
    await two.untilEachSays(async (admin) => {
      expect((await admin.getHealth({})).replicas).toMatchObject([{ problem: '' }])
    })
  })

  test('tell the command line and the API server of both roots', async () => {
    const { world, one } = two
    world.api.put({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'heddle-injector', labels: { 'heddle.dev/installation': 'heddle' } },
      webhooks: [{ name: 'injector.heddle.dev', clientConfig: { service: { name: 'heddle-webhook' } } }],
    })
    await change(one, RootAction.ROTATE)
    await untilBoth(RootStep.PREPARED, 2)
    const both = await bundleOf(one)
    await vi.waitFor(async () => {
      const map = { resource: CONFIG_MAPS, namespace: 'heddle', name: 'heddle-trust-bundle' }
      expect(await world.api.get(map)).toMatchObject({ data: { 'trust-bundle.pem': both } })
      const injector = { resource: MUTATING_WEBHOOKS, name: 'heddle-injector' }
      const clientConfig = { caBundle: Buffer.from(both).toString('base64') }
      expect(await world.api.get(injector)).toMatchObject({ webhooks: [{ clientConfig }] })
    }, LIMIT)
  })

  test('let operators change the root, and viewers look at it', async () => {
    const viewer = await two.world.admin(two.one, 'heddle-viewer')
    await expect(viewer.changeRoot({ action: RootAction.ROTATE })).rejects.toThrow('may not call')
    await expect(change(two.one, RootAction.RETIRE)).rejects.toThrow('no change of the root is under way')
    const { root } = await viewer.getHealth({})
    expect(root).toMatchObject({ step: RootStep.STEADY, roots: [{ role: RootRole.PRESENT, brought: false }] })
  })

  test('begin with a root that a person puts into the Secret', async () => {
    const { world } = two
    const secret = { resource: SECRETS, namespace: 'heddle', name: 'heddle-authority' }
    const brought = await makeRoot({ trustDomain: 'heddle.local', nowMs: Date.now() })
    const present = await world.api.get<KubeObject & { readonly data: Readonly<Record<string, string>> }>(secret)
    const data = { ...present!.data, 'next-root.pem': Buffer.from(brought).toString('base64') }
    await world.api.update(SECRETS, { ...present!, data } as KubeDraft)
    await untilBoth(RootStep.PREPARED, 2)
    expect(brought).toContain((await bundleOf(two.one)).split('-----END CERTIFICATE-----\n')[1])
  })
})

test('a mesh of one host changes its root step by step, and tells whoever reads its trust bundle', async () => {
  await using world: ControlWorld = await createControlWorld('')
  await world.start('--leaf-life', '5s')
  const trusted = async () => readPemCertificates(await readFile(world.control.trustBundleFile, 'utf8')).map(String)
  const before = await trusted()
  const admin = await world.admin()
  const { root } = await admin.changeRoot({ action: RootAction.ROTATE })
  // A life, and half a one.
  expect(root).toMatchObject({ step: RootStep.PREPARED, remainingMs: 7_500n })
  const seen: string[][] = []
  const steps = new Set<RootStep>()
  await vi.waitFor(
    async () => {
      seen.push(await trusted())
      steps.add((await admin.getHealth({})).root!.step)
      expect(seen.at(-1)).toHaveLength(1)
      expect(steps).toContain(RootStep.STEADY)
    },
    { timeout: 50_000, interval: 100 },
  )
  expect([...steps]).toEqual([RootStep.PREPARED, RootStep.ACTIVATED, RootStep.STEADY])
  const both = seen.find((roots) => roots.length === 2)!
  expect(both).toEqual([...before, ...seen.at(-1)!])
  expect(seen.at(-1)).not.toEqual(before)
})
