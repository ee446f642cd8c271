import { readFile } from 'node:fs/promises'
import { createLog } from '@heddle/base/log'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openCertificateAuthority } from '../src/ca/certificate-authority.ts'
import { secretStore } from '../src/ca/secret-store.ts'
import { nextUpdate } from './control-world.ts'
import { createReplicaWorld, type ReplicaWorld } from './replica-world.ts'

/** A cluster that nobody ran for long: what is in the Secret has become old meanwhile. */

const DAY_MS = 86_400_000
const CART = 'name:cart.shop:80'

let world: ReplicaWorld
beforeEach(async () => {
  world = await createReplicaWorld()
})
afterEach(() => world[Symbol.asyncDispose]())

/** Makes what a replica would have made then. @returns the root */
async function makeAuthority(daysAgo: number): Promise<string> {
  const store = secretStore({ client: world.api, namespace: 'heddle', name: 'heddle-authority' })
  const clock = new ManualClock(Date.now() - daysAgo * DAY_MS)
  const log = createLog(() => undefined, 'error')
  return (await openCertificateAuthority({ store, trustDomain: 'heddle.local', clock, log })).trustBundlePem
}

test('replicas start together with an issuer that has expired, and give certificates by the same root', async () => {
  const root = await makeAuthority(400)
  world.addPod('web')
  world.addService('cart')
  const [one, other] = await Promise.all([world.start(), world.start()])
  expect(await readFile(one.control.trustBundleFile, 'utf8')).toBe(root)
  const watch = await world.watch(other, 'web', { signer: one, keys: [CART] })
  expect((await nextUpdate(watch)).updates[0]!.key).toBe(CART)
  watch.end()
})

test('no replica starts with a root that has expired, and each says which it is', async () => {
  await makeAuthority(3651)
  await expect(world.start()).rejects.toThrow('Secret heddle/heddle-authority, key root.pem: the root expired at')
})
