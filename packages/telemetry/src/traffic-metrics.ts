import { DURATION_BOUNDS_SECONDS } from './duration-bounds.ts'
import { formatHistogram, formatLabels, formatMetricHead, formatSample, type MetricType } from './prometheus-text.ts'
import type { Collector } from './registry.ts'
import { grpcStatusOf, statusOf } from './request-code.ts'
import { SERIES_LABELS, type SeriesKey, valuesOfKey } from './series-key.ts'
import type { TrafficTable } from './traffic.ts'
import type { Count, Series } from './traffic-series.ts'

/**
 * Shows a {@link TrafficTable} to Prometheus. A line for each series and, where one is forgotten, none any more; the
 * instance and identity of the peer are labels, so no two series share a line and no counter ever jumps back.
 */
export function trafficMetrics(table: TrafficTable): Collector {
  return {
    render: () =>
      METRICS.map((metric) => renderMetric(table, metric)).join('') +
      formatMetricHead('heddle_traffic_series', 'gauge', 'Series of traffic counters kept') +
      formatSample('heddle_traffic_series', '', table.size) +
      formatMetricHead('heddle_traffic_series_overflow_total', 'counter', 'Series counted as "other": too many') +
      formatSample('heddle_traffic_series_overflow_total', '', table.overflowed),
  }
}

interface TrafficMetric {
  readonly name: string
  readonly type: MetricType
  readonly help: string
  readonly lines: (series: Series, labels: string) => string
}

const REQUESTS = 'heddle_requests_total'
const DURATION = 'heddle_request_duration_seconds'
const ERRORS = 'heddle_traffic_errors_total'

const METRICS: readonly TrafficMetric[] = [
  {
    name: REQUESTS,
    type: 'counter',
    help: 'Requests that ended, by the status the client got (0: it got none), and of gRPC by the status of that',
    lines: (series, labels) => {
      let text = ''
      for (const [code, count] of series.requests?.codes ?? []) {
        text += formatSample(REQUESTS, `${labels},${toStatusLabels(code)}`, count.total)
      }
      return text
    },
  },
  {
    name: DURATION,
    type: 'histogram',
    help: 'From the head of a request to the end of its answer',
    lines: (series, labels) => {
      if (series.requests === undefined) return ''
      const { durations, durationSumUs } = series.requests
      return formatHistogram(DURATION, labels, {
        bounds: DURATION_BOUNDS_SECONDS,
        counts: durations,
        sum: durationSumUs / 1e6,
      })
    },
  },
  {
    name: 'heddle_tcp_connections_open',
    type: 'gauge',
    help: 'Connections that are open now',
    lines: (series, labels) => formatSample('heddle_tcp_connections_open', labels, series.openConnections),
  },
  total('heddle_tcp_connections_opened_total', 'Connections that were opened', (series) => series.opened),
  total('heddle_tcp_connections_closed_total', 'Connections that were closed', (series) => series.closed),
  total('heddle_tcp_read_bytes_total', 'Bytes read from the peer', (series) => series.readBytes),
  total('heddle_tcp_written_bytes_total', 'Bytes written to the peer', (series) => series.writtenBytes),
  {
    name: ERRORS,
    type: 'counter',
    help: 'Requests and connections of the series that failed inside the mesh, by the code of docs/errors.md',
    lines: (series, labels) => {
      let text = ''
      for (const [error, count] of series.errors) {
        text += formatSample(ERRORS, `${labels},${formatLabels(['error'], [error])}`, count.total)
      }
      return text
    },
  },
]

function total(name: string, help: string, countOf: (series: Series) => Count): TrafficMetric {
  return { name, type: 'counter', help, lines: (series, labels) => formatSample(name, labels, countOf(series).total) }
}

function renderMetric(table: TrafficTable, metric: TrafficMetric): string {
  let lines = ''
  for (const series of table.list()) lines += metric.lines(series, toLabels(series.key))
  return lines === '' ? '' : formatMetricHead(metric.name, metric.type, metric.help) + lines
}

function toStatusLabels(code: number): string {
  const grpcStatus = grpcStatusOf(code)
  const status = `status="${statusOf(code)}"`
  return grpcStatus === undefined ? status : `${status},grpc_status="${grpcStatus}"`
}

const LABEL_NAMES = Object.values(SERIES_LABELS)

function toLabels(key: SeriesKey): string {
  return formatLabels(LABEL_NAMES, valuesOfKey(key))
}
