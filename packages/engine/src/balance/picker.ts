import type { Draw } from './balancer.ts'

/** One way to choose among the endpoints of one level of locality. */
export interface Picker {
  /**
   * @returns an index into its endpoints, of which there is at least one, or -1 when all were tried. One that is not usable is
   *   returned only where none is.
   */
  pick(draw: Draw): number
}
