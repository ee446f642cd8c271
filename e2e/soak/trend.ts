/** How a quantity went with time, as a straight line through its samples. */
export interface Trend {
  /** Value of the line at the first sample. */
  readonly start: number
  /** What the line gained from the first sample to the last one. */
  readonly growth: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** The line of least squares. Garbage collectors make saw teeth, so single samples tell nothing. */
export function fitTrend(points: readonly Point[]): Trend {
  const first = points[0]
  const last = points.at(-1)
  if (first === undefined || last === undefined) return { start: 0, growth: 0 }
  const meanX = mean(points.map(({ x }) => x))
  const meanY = mean(points.map(({ y }) => y))
  const spread = sum(points.map(({ x }) => (x - meanX) ** 2))
  const slope = spread === 0 ? 0 : sum(points.map(({ x, y }) => (x - meanX) * (y - meanY))) / spread
  return { start: meanY + slope * (first.x - meanX), growth: slope * (last.x - first.x) }
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
