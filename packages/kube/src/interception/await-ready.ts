import { get } from 'node:http'
import type { Clock } from '@heddle/base/clock'

/** What is asked, and for how long. */
export interface ReadyWait {
  readonly port: number
  readonly withinMs: number
  readonly clock: Clock
}

const PAUSE_MS = 100
const ANSWER_MS = 1_000

/** Asks `/ready` on loopback until the answer is 200. @returns whether it came to that in time */
export async function awaitReady({ port, withinMs, clock }: ReadyWait): Promise<boolean> {
  const endUs = clock.monotonicUs() + withinMs * 1000
  do {
    if ((await statusOf(port, clock)) === 200) return true
    await clock.sleep(PAUSE_MS)
  } while (clock.monotonicUs() < endUs)
  return false
}

/** `undefined`: no answer. */
function statusOf(port: number, clock: Clock): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/ready', agent: false }, (response) => {
      response.resume()
      finish(response.statusCode)
    })
    const late = clock.after(ANSWER_MS, () => {
      request.destroy()
      finish(undefined)
    })
    const finish = (status: number | undefined) => {
      late.cancel()
      resolve(status)
    }
    request.on('error', () => finish(undefined))
  })
}
