import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '@heddle/base/log'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeOf } from '../../test/discovery-world.ts'
import { parseObjects, serviceYaml } from '../../test/mesh-objects.ts'
import type { InstanceState } from '../model/instance.ts'
import { createModel } from '../model/model.ts'
import { restoreRegistrations } from './saved-registrations.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heddle-registrations-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

/** A control plane's model after a start on the same file. */
async function started() {
  const clock = new ManualClock()
  const ended = new AbortController()
  const { signal } = ended
  const model = createModel({ clock, graceMs: 3_000, signal })
  model.applyObjects({ upserted: parseObjects(serviceYaml('web') + serviceYaml('cart')), removed: [] })
  const lines: string[] = []
  const log = createLog((line) => lines.push(line), 'info')
  const file = await restoreRegistrations({ path: join(dir, 'registrations.json'), model, clock, log, signal })
  const stop = async () => {
    ended.abort()
    await file.close()
  }
  const register = (workload: string, state: InstanceState = 'ready') => {
    const reason = state === 'ready' ? '' : 'says so'
    return model.applyRegistration({ node: nodeOf(workload), owner: `stream of ${workload}`, state, reason })
  }
  const instances = () => model.instances('').map(({ instance, state, reason }) => [instance, state, reason])
  return { clock, model, lines, stop, register, instances }
}

test('what was registered is there after a restart, in the state it had', async () => {
  const before = await started()
  before.register('web')
  before.register('cart', 'unhealthy')
  await before.stop()
  const after = await started()
  expect(after.instances()).toEqual([
    ['cart-0', 'unhealthy', 'says so'],
    ['web-0', 'ready', ''],
  ])
})

test('who has not come back after thirty seconds is gone; who has is not', async () => {
  const before = await started()
  before.register('web')
  before.register('cart')
  await before.stop()
  const after = await started()
  await after.clock.advanceAsync(20_000)
  after.register('web')
  await after.clock.advanceAsync(9_999)
  expect(after.instances()).toHaveLength(2)
  await after.clock.advanceAsync(1)
  expect(after.instances().map(([instance]) => instance)).toEqual(['web-0'])
})

test('who drained does not come back', async () => {
  const before = await started()
  before.register('web', 'draining')
  await before.stop()
  expect((await started()).instances()).toEqual([])
})

test('what the configuration does not allow any more is left out, with a word in the log', async () => {
  const before = await started()
  before.register('web')
  await before.stop()
  const path = join(dir, 'registrations.json')
  await writeFile(
    path,
    (await readFile(path, 'utf8')).replaceAll('"serviceAccount": "web"', '"serviceAccount": "cart"'),
  )
  const after = await started()
  expect(after.instances()).toEqual([])
  expect(after.lines.join('')).toContain('registration not restored')
})

test.each(['', '{', '{}', '{"registrations":[{"node":{"ports":"none"}}]}', 'null'])(
  'a file of %j is reported and not believed',
  async (text) => {
    await writeFile(join(dir, 'registrations.json'), text)
    const { instances, lines } = await started()
    expect(instances()).toEqual([])
    expect(lines.join('')).toContain('registrations not readable')
  },
)

test('a file of a later version is said to be that', async () => {
  await writeFile(join(dir, 'registrations.json'), '{"format":2,"registrations":[]}')
  const { lines } = await started()
  expect(lines.join('')).toContain('a later version of Heddle wrote it (its format is 2, this version reads 1)')
})
