/** Content type of the text format. https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export type MetricType = 'counter' | 'gauge' | 'histogram'

/** The head of a metric: must come once, before its lines. */
export function formatMetricHead(name: string, type: MetricType, help: string): string {
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${type}\n`
}

/** One line. `labels` as {@link formatLabels} writes them, or empty. */
export function formatSample(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${formatNumber(value)}\n` : `${name}{${labels}} ${formatNumber(value)}\n`
}

/** `direction="inbound",status="200"`: values are escaped, names are the caller's constants. */
export function formatLabels(names: readonly string[], values: readonly (string | number)[]): string {
  return names.map((name, index) => `${name}="${escapeLabel(String(values[index] ?? ''))}"`).join(',')
}

/** Counts by bucket; the last count is of what is above all bounds. */
export interface HistogramCounts {
  /** Ascending, without infinity. */
  readonly bounds: readonly number[]
  readonly counts: ArrayLike<number>
  readonly sum: number
}

/** The lines of a histogram: cumulative buckets, sum, count. */
export function formatHistogram(name: string, labels: string, histogram: HistogramCounts): string {
  const { bounds, counts, sum } = histogram
  const prefix = labels === '' ? '' : `${labels},`
  let total = 0
  let text = ''
  for (let at = 0; at <= bounds.length; at++) {
    total += counts[at] ?? 0
    const bound = at < bounds.length ? String(bounds[at]) : '+Inf'
    text += formatSample(`${name}_bucket`, `${prefix}le="${bound}"`, total)
  }
  return text + formatSample(`${name}_sum`, labels, sum) + formatSample(`${name}_count`, labels, total)
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function formatNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}
