import type { BackendSet, CompiledBackend, CompiledMatch } from './route-table.ts'

/** Collects the steps of a decision while it is made. See `explainRoute`. */
export interface Trace {
  /** Called once, after the table was looked up. */
  looked(match: CompiledMatch | undefined): void
  /** Called when a backend is chosen, or none can be. */
  drew(draw: BackendDraw): void
}

/** How a backend was chosen. */
export interface BackendDraw {
  /** `only`: there is no other of any weight; `session`: the request says where it was before. */
  readonly by: 'only' | 'weight' | 'session' | 'none'
  /** What was drawn, 0 to below the total weight; `undefined` unless by weight. */
  readonly point: number | undefined
  readonly set: BackendSet
  readonly chosen: CompiledBackend | undefined
}
