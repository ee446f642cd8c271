import type { Log } from '@heddle/base/log'

/** Something that wants to end well. */
export interface Drainable {
  drain(): Promise<void>
}

/** The wish that this process ends: by a signal, by the end of standard input, or by {@link EndOfProcess.request}. */
export interface EndOfProcess {
  /** Resolves with why. */
  readonly wished: Promise<string>
  request(why: string): void
}

const SIGNAL_STATUS = { SIGINT: 130, SIGTERM: 143 } as const

/**
 * Listens for what ends this process. The first signal is a wish, the second an order. Whatever nobody caught ends it too,
 * with status 1: a proxy that goes on in an unknown state is worse than one that is started again.
 */
export function listenForEnd({
  log,
  exitWithStdin,
}: {
  readonly log: Log
  readonly exitWithStdin: boolean
}): EndOfProcess {
  const { promise, resolve } = Promise.withResolvers<string>()
  let isWished = false
  const request = (why: string) => {
    isWished = true
    resolve(why)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isWished) process.exit(SIGNAL_STATUS[signal])
      request(signal)
    })
  }
  endOnTheUncaught(log)
  // Whoever reads the log may be gone; that is no reason to fail.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  if (exitWithStdin) onStdinEnd(() => request('standard input ended'))
  return { wished: promise, request }
}

/** Drains when the end is wished for, then exits with 0; with 1 when draining fails. */
export function exitWhenDrained(end: EndOfProcess, drainable: Drainable): void {
  void end.wished
    .then(() => drainable.drain())
    .then(
      () => process.exit(0),
      () => process.exit(1),
    )
}

function endOnTheUncaught(log: Log): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.error('unexpected failure; the proxy ends', { error })
      process.exit(1)
    })
  }
}

function onStdinEnd(fire: () => void): void {
  process.stdin.on('end', fire)
  process.stdin.on('close', fire)
  process.stdin.on('error', fire)
  process.stdin.resume()
}
