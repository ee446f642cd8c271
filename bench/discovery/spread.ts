import type { SimulatedProxy } from './simulated-proxy.ts'

/** One change: when each proxy had it, and the octets on all streams. */
export interface Spread {
  readonly latenciesMs: readonly number[]
  readonly bytes: number
}

/**
 * Makes a change, and waits until each proxy has heard of it.
 *
 * @param change - where it is a promise, times are from when it resolves; whoever heard before took no time
 */
export async function spread(proxies: readonly SimulatedProxy[], change: () => unknown): Promise<Spread> {
  const bytesBefore = receivedBy(proxies)
  const heard = proxies.map((proxy) => {
    return new Promise<number>((resolve) => {
      proxy.onUpdate = () => resolve(performance.now())
    })
  })
  let madeMs = performance.now()
  const made = change()
  if (made instanceof Promise) madeMs = await made.then(() => performance.now())
  const latenciesMs = (await Promise.all(heard)).map((heardMs) => Math.max(0, heardMs - madeMs))
  await settle()
  return { latenciesMs, bytes: receivedBy(proxies) - bytesBefore }
}

/** Acknowledgements are on their way. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 500))
}

/** `p50 61 ms, p99 90 ms, last 93 ms; 35 KiB per change, 71 octets per proxy` */
export function describeSpread(changes: readonly Spread[]): string {
  const sorted = changes.flatMap(({ latenciesMs }) => latenciesMs).sort((a, b) => a - b)
  const at = (share: number) =>
    `${sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(0)} ms`
  const bytes = changes.reduce((sum, one) => sum + one.bytes, 0) / changes.length
  const perProxy = (bytes * changes.length) / sorted.length
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, last ${at(1)}; ${(bytes / 1024).toFixed(0)} KiB per change, ${perProxy.toFixed(0)} octets per proxy`
}

function receivedBy(proxies: readonly SimulatedProxy[]): number {
  return proxies.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0)
}
