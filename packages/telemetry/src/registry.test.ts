import { describe, expect, test } from 'vitest'
import { Registry } from './registry.ts'

describe('Registry', () => {
  test('renders counters, gauges and histograms in the text format', () => {
    const registry = new Registry()
    registry.counter('heddle_refused_total', 'Refused\nconnections \\ all').add(2)
    registry.counter('heddle_limit_reached_total', 'Limits', { limit: 'connections' }).add()
    registry.counter('heddle_limit_reached_total', 'Limits', { limit: 'a"b\\c\nd' }).add(3)
    registry.gauge('heddle_uptime_seconds', 'Up', () => 1.5)
    const histogram = registry.histogram('heddle_wait_seconds', 'Wait', [0.1, 1])
    for (const seconds of [0.1, 0.5, 7]) histogram.observe(seconds)

    expect(registry.render()).toBe(
      [
        '# HELP heddle_refused_total Refused\\nconnections \\\\ all',
        '# TYPE heddle_refused_total counter',
        'heddle_refused_total 2',
        '# HELP heddle_limit_reached_total Limits',
        '# TYPE heddle_limit_reached_total counter',
        'heddle_limit_reached_total{limit="connections"} 1',
        'heddle_limit_reached_total{limit="a\\"b\\\\c\\nd"} 3',
        '# HELP heddle_uptime_seconds Up',
        '# TYPE heddle_uptime_seconds gauge',
        'heddle_uptime_seconds 1.5',
        '# HELP heddle_wait_seconds Wait',
        '# TYPE heddle_wait_seconds histogram',
        'heddle_wait_seconds_bucket{le="0.1"} 1',
        'heddle_wait_seconds_bucket{le="1"} 2',
        'heddle_wait_seconds_bucket{le="+Inf"} 3',
        'heddle_wait_seconds_sum 7.6',
        'heddle_wait_seconds_count 3',
        '',
      ].join('\n'),
    )
  })

  test('reads counters that somebody else keeps', () => {
    const registry = new Registry()
    registry.counterOf('process_cpu_seconds_total', 'CPU', () => 4.2)
    expect(registry.render()).toContain('# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 4.2\n')
  })

  test('gives the same counter for the same name and labels', () => {
    const registry = new Registry()
    registry.counter('heddle_x_total', 'X', { a: '1' }).add()
    registry.counter('heddle_x_total', 'X', { a: '1' }).add()
    expect(registry.counter('heddle_x_total', 'X', { a: '1' }).value).toBe(2)
    expect(registry.counter('heddle_x_total', 'X', { a: '2' }).value).toBe(0)
  })

  test('finds a counter by label values that are known late', () => {
    const registry = new Registry()
    const refused = registry.counters('heddle_refused_total', { help: 'Refused', labels: ['reason'] })
    refused.with('no_token').add()
    refused.with('no_token').add()
    expect(refused.with('no_token').value).toBe(2)
    expect(registry.render()).toContain('heddle_refused_total{reason="no_token"} 2')
  })

  test('leaves out a gauge that has nothing to say', () => {
    const registry = new Registry()
    registry.gauge('heddle_certificate_expiration_timestamp_seconds', 'Expiry', () => undefined)
    expect(registry.render()).toBe('')
  })

  test.each([
    { name: 'a name that is none', metric: 'heddle-x' },
    { name: 'a name of another type', metric: 'heddle_taken_total' },
  ])('refuses $name', ({ metric }) => {
    const registry = new Registry()
    registry.counter('heddle_taken_total', 'Taken')
    expect(() => registry.gauge(metric, 'X', () => 1)).toThrow(RangeError)
  })

  test('appends what collectors render', () => {
    const registry = new Registry()
    registry.collect({ render: () => 'heddle_more 1\n' })
    expect(registry.render()).toBe('heddle_more 1\n')
  })
})
