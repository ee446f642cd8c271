import { readdirSync } from 'node:fs'
import { memoryOf } from '../harness/hops.ts'
import { fitTrend } from './trend.ts'

/** What a process used at one moment. */
export interface Sample {
  readonly atMs: number
  readonly descriptors: number
  readonly rssKb: number
  readonly privateKb: number
}

/** What is looked at in each sample. */
export type Quantity = Exclude<keyof Sample, 'atMs'>

/** In less time a proxy is still on its way to what it needs, and that looks like growth. */
export const MEMORY_FROM_MS = 300_000

/** A quantity may grow by a share of what it was, or by an amount which is noise whatever the share is. */
interface Allowance {
  readonly share: number
  readonly slack: number
}

const ALLOWANCES: Readonly<Record<Quantity, Allowance>> = {
  descriptors: { share: 0.1, slack: 10 },
  rssKb: { share: 0.2, slack: 4_096 },
  privateKb: { share: 0.2, slack: 4_096 },
}

/** @throws {Error} when the process is gone */
export function takeSample(pid: number, atMs: number): Sample {
  return { atMs, descriptors: countDescriptors(pid), ...memoryOf(pid) }
}

export function countDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Which quantities a run of `durationMs` is long enough for. */
export function judgedIn(durationMs: number): readonly Quantity[] {
  return durationMs >= MEMORY_FROM_MS ? ['descriptors', 'rssKb', 'privateKb'] : ['descriptors']
}

/** What of `judged` grew more than it may from `warmUpMs` on; one line each. */
export function findGrowth(
  name: string,
  samples: readonly Sample[],
  { warmUpMs, judged }: { readonly warmUpMs: number; readonly judged: readonly Quantity[] },
): readonly string[] {
  const warm = samples.filter(({ atMs }) => atMs >= warmUpMs)
  return judged.flatMap((quantity) => {
    const { start, growth } = trendOf(warm, quantity)
    const { share, slack } = ALLOWANCES[quantity]
    const allowed = Math.max(start * share, slack)
    if (growth <= allowed) return []
    return [
      `${name}: ${quantity} grew by ${growth.toFixed(0)} from ${start.toFixed(0)}; ${allowed.toFixed(0)} are allowed`,
    ]
  })
}

/** `+1.2 %`: growth of each quantity along its trend from `warmUpMs` on. */
export function formatTrends(samples: readonly Sample[], warmUpMs: number): string {
  const warm = samples.filter(({ atMs }) => atMs >= warmUpMs)
  return (Object.keys(ALLOWANCES) as Quantity[])
    .map((quantity) => {
      const { start, growth } = trendOf(warm, quantity)
      const sign = growth < 0 ? '' : '+'
      return `${quantity} ${start.toFixed(0)} ${sign}${growth.toFixed(0)} (${sign}${((100 * growth) / start).toFixed(1)} %)`
    })
    .join(', ')
}

function trendOf(samples: readonly Sample[], quantity: Quantity) {
  return fitTrend(samples.map((sample) => ({ x: sample.atMs, y: sample[quantity] })))
}
