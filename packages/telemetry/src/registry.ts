import { formatHistogram, formatLabels, formatMetricHead, formatSample, type MetricType } from './prometheus-text.ts'

/** Label names and values; the owner of a metric keeps their number bounded. */
export type Labels = Readonly<Record<string, string>>

/** Only grows, from 0 at the start of the process. */
export interface Counter {
  readonly value: number
  /** @param by - 1 unless stated */
  add(by?: number): void
}

/** One metric whose label values are told later: `with` finds the handle, for whoever cannot keep it. */
export interface Family<T> {
  /** @param values - one for each label name, in their order */
  with(...values: readonly string[]): T
}

/** Counts observations by size. */
export interface Histogram {
  observe(value: number): void
}

/** Something that writes metrics of its own, heads included. */
export interface Collector {
  render(): string
}

/**
 * All metrics of a process. Whoever counts makes its metric here, once, and keeps the handle: adding to it costs no
 * lookup. {@link Registry.render} is what `/metrics` answers.
 *
 * Names are `heddle_<noun>_<unit|total>`. Asking again for a name and labels gives the same handle.
 */
export class Registry implements Collector {
  readonly #metrics = new Map<string, Metric>()
  readonly #collectors: Collector[] = []

  /** @throws {RangeError} if `name` is no metric name, or is one of another type; so for all of these */
  counter(name: string, help: string, labels: Labels = {}): Counter {
    const cells = this.#cells(name, 'counter', help)
    return find(cells, labels, () => new CounterCell())
  }

  /** Counters of one name whose label values are known only when they count. */
  counters(name: string, options: { readonly help: string; readonly labels: readonly string[] }): Family<Counter> {
    const cells = this.#cells(name, 'counter', options.help)
    return {
      with: (...values) => {
        const labels = Object.fromEntries(options.labels.map((label, index) => [label, values[index] ?? '']))
        return find(cells, labels, () => new CounterCell())
      },
    }
  }

  /** A number that goes up and down, read when metrics are; `undefined`: there is nothing to say now. */
  gauge(name: string, help: string, read: () => number | undefined): void {
    this.#cells(name, 'gauge', help).set('', new GaugeCell(read))
  }

  /** A number that only grows and that somebody else keeps; read when metrics are. */
  counterOf(name: string, help: string, read: () => number): void {
    this.#cells(name, 'counter', help).set('', new GaugeCell(read))
  }

  /** @param bounds - upper bounds of the buckets, ascending, without infinity */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    return find(this.#cells(name, 'histogram', help), {}, () => new HistogramCell(bounds))
  }

  /** Adds the text of `collector` to that of this registry. */
  collect(collector: Collector): void {
    this.#collectors.push(collector)
  }

  /** Everything in the text format 0.0.4. */
  render(): string {
    let text = ''
    for (const metric of this.#metrics.values()) text += renderMetric(metric)
    for (const collector of this.#collectors) text += collector.render()
    return text
  }

  #cells(name: string, type: MetricType, help: string): Map<string, Cell> {
    const known = this.#metrics.get(name)
    if (known?.type === type) return known.cells
    if (known !== undefined) throw new RangeError(`metric ${name} is a ${known.type}, not a ${type}`)
    if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) throw new RangeError(`${JSON.stringify(name)} is no metric name`)
    const metric: Metric = { name, type, help, cells: new Map() }
    this.#metrics.set(name, metric)
    return metric.cells
  }
}

interface Metric {
  readonly name: string
  readonly type: MetricType
  readonly help: string
  /** By their labels as text. */
  readonly cells: Map<string, Cell>
}

interface Cell {
  render(name: string, labels: string): string
}

function find<T extends Cell>(cells: Map<string, Cell>, labels: Labels, create: () => T): T {
  const text = formatLabels(Object.keys(labels), Object.values(labels))
  const known = cells.get(text)
  // A metric has cells of one class only, that of its type.
  if (known !== undefined) return known as T
  const cell = create()
  cells.set(text, cell)
  return cell
}

function renderMetric(metric: Metric): string {
  let lines = ''
  for (const [labels, cell] of metric.cells) lines += cell.render(metric.name, labels)
  return lines === '' ? '' : formatMetricHead(metric.name, metric.type, metric.help) + lines
}

class CounterCell implements Counter, Cell {
  value = 0

  add(by = 1): void {
    this.value += by
  }

  render(name: string, labels: string): string {
    return formatSample(name, labels, this.value)
  }
}

class GaugeCell implements Cell {
  readonly #read: () => number | undefined

  constructor(read: () => number | undefined) {
    this.#read = read
  }

  render(name: string, labels: string): string {
    const value = this.#read()
    return value === undefined ? '' : formatSample(name, labels, value)
  }
}

class HistogramCell implements Histogram, Cell {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    let at = 0
    while (at < this.#bounds.length && value > this.#bounds[at]!) at += 1
    this.#counts[at] = this.#counts[at]! + 1
    this.#sum += value
  }

  render(name: string, labels: string): string {
    return formatHistogram(name, labels, { bounds: this.#bounds, counts: this.#counts, sum: this.#sum })
  }
}
