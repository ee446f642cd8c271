import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import type { ControlClient } from '../client/control-client.ts'
import { ReadinessPoll } from './readiness-poll.ts'

function world() {
  const asked: string[] = []
  const clock = new ManualClock()
  const admin = {
    listWorkloads: ({ namespace }: { namespace: string }) => {
      asked.push(namespace)
      return Promise.resolve({ instances: [{ instance: 'web-0', ready: asked.length > 1, reason: '' }] })
    },
  } as unknown as ControlClient['admin']
  return { asked, clock, poll: new ReadinessPoll({ admin }, clock) }
}

test('ReadinessPoll asks once for all that wait in a namespace, and again a moment later', async () => {
  const { asked, clock, poll } = world()
  const seen = await Promise.all([poll.readinessOf('shop', 'web-0'), poll.readinessOf('shop', 'web-1')])
  expect(seen).toEqual([expect.objectContaining({ ready: false }), undefined])
  expect(asked).toEqual(['shop'])
  clock.advance(200)
  expect(await poll.readinessOf('shop', 'web-0')).toMatchObject({ ready: true })
  await poll.readinessOf('other', 'web-0')
  expect(asked).toEqual(['shop', 'shop', 'other'])
})
