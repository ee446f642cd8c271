import type { Clock } from '@heddle/base/clock'
import { formatLabels, formatMetricHead, formatSample } from '@heddle/telemetry/prometheus'
import type { Registry } from '@heddle/telemetry/registry'
import packageJson from '../../package.json' with { type: 'json' }

/** What any process tells of itself, by the names that dashboards expect. */
export function addProcessMetrics(registry: Registry, clock: Clock): void {
  const startSeconds = clock.nowMs() / 1000 - process.uptime()
  registry.gauge('process_start_time_seconds', 'When the process started, since the Unix epoch', () => startSeconds)
  registry.gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss())
  registry.counterOf('process_cpu_seconds_total', 'CPU time, user and system', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  const labels = formatLabels(['version', 'runtime'], [packageJson.version, runtime()])
  const buildInfo =
    formatMetricHead('heddle_build_info', 'gauge', 'Always 1; what runs here is in the labels') +
    formatSample('heddle_build_info', labels, 1)
  registry.collect({ render: () => buildInfo })
}

function runtime(): string {
  const { bun, node } = process.versions
  return bun === undefined ? `node ${node}` : `bun ${bun}`
}
