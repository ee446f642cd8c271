import type { MemoryRow, ResultRow } from './results.ts'

const HEADINGS = ['scenario', 'conns', 'proxy', 'CPU µs/request', 'requests/s', 'p50 µs', 'p99 µs', 'p99.9 µs']
const MEMORY_HEADINGS = ['RSS MB', 'private MB', 'errors']

/** The rows as a Markdown table, which reads well on a terminal too. */
export function formatResults(rows: readonly ResultRow[]): string {
  const lines = rows.map((row) => [
    row.scenario,
    String(row.conns),
    row.proxy,
    row.cpu_us_per_request.toFixed(1),
    ...[row.rps, row.p50_us, row.p99_us, row.p999_us].map(String),
    toMegabytes(row.rss_kb),
    toMegabytes(row.private_kb),
    String(row.errors),
  ])
  return formatMarkdown([...HEADINGS, ...MEMORY_HEADINGS], lines)
}

/**
 * CPU per request of the first proxy as a share of each other's, one line for each scenario and number of connections.
 */
export function formatRatios(rows: readonly ResultRow[]): string {
  const others = [...new Set(rows.map(({ proxy }) => proxy))].filter((proxy) => proxy !== 'heddle')
  const own = rows.filter(({ proxy }) => proxy === 'heddle')
  const lines = own.map((row) => [
    row.scenario,
    String(row.conns),
    ...others.map((proxy) => {
      const other = rows.find((one) => one.proxy === proxy && one.scenario === row.scenario && one.conns === row.conns)
      return other === undefined ? '' : (row.cpu_us_per_request / other.cpu_us_per_request).toFixed(2)
    }),
  ])
  return formatMarkdown(['scenario', 'conns', ...others.map((proxy) => `heddle / ${proxy}`)], lines)
}

/** States of one proxy and what it holds in them. */
export function formatMemory(rows: readonly MemoryRow[]): string {
  const lines = rows.map((row) => [row.state, toMegabytes(row.rss_kb), toMegabytes(row.private_kb)])
  return formatMarkdown(['state', 'RSS MB', 'private MB'], lines)
}

function toMegabytes(kilobytes: number): string {
  return (kilobytes / 1024).toFixed(1)
}

function formatMarkdown(headings: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...lines.map((line) => line[i]!.length)))
  const isText = (i: number) => lines.every((line) => !/^[\d.]*$/.test(line[i]!))
  const format = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (isText(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |\n`
  const rule = widths.map((width, i) => (isText(i) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [headings, rule, ...lines].map(format).join('')
}
