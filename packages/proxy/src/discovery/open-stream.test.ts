import type { SubscribeRequestJson } from '@heddle/api/discovery'
import { createLog } from '@heddle/base/log'
import { expect, test } from 'vitest'
import type { ControlClient } from '../control/control-client.ts'
import { OpenStream } from './open-stream.ts'

const A = 'name:a.shop:80'

/** A stream, and what it has said; a call is under way until `answer` is called. */
function startStream() {
  const said: SubscribeRequestJson[] = []
  let answer = () => {}
  const call = (_method: unknown, request: SubscribeRequestJson) => {
    said.push(request)
    return new Promise<void>((resolve) => {
      answer = resolve
    })
  }
  const control = { call } as unknown as ControlClient
  const onBroken = (error: unknown) => expect.fail(String(error))
  const stream = new OpenStream({ control, log: createLog(() => {}, 'info'), streamId: '1', onBroken })
  return {
    said,
    stream,
    async answered() {
      answer()
      await new Promise(setImmediate)
    },
  }
}

test('a key that is let go while it waits to be asked for in full is subscribed to no more', async () => {
  const { said, stream, answered } = startStream()
  stream.add(A)
  await answered()
  stream.add('name:b.shop:80')
  await answered()
  stream.add(A)
  stream.remove(A)
  await answered()
  await answered()
  expect(said.map(({ add = [], remove = [] }) => [add.map(({ key }) => key), remove])).toEqual([
    [[A], []],
    [['name:b.shop:80'], []],
    [[], [A]],
  ])
})
