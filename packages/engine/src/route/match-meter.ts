/** Where a value is that expressions are matched with; `path` has the query as well. */
export type MatchPlace = 'path' | 'header'

/**
 * Steps that matching one request with expressions may take, at most: characters of each value times the instructions of each expression
 * that it is matched with. What is matched in a hundred of them takes a microsecond or so; expressions made to be slow take ten times that.
 */
export const MAX_MATCH_STEPS = 8_388_608

/**
 * Counts what the expressions of one table cost the request that is being decided about. Expressions take time in proportion to their
 * text; but there may be a thousand of them, and a path may have 60 KB.
 */
export class MatchMeter {
  #left = Number.POSITIVE_INFINITY
  #over: MatchPlace | undefined

  /** From here on at most `steps` are taken. */
  begin(steps: number): void {
    this.#left = steps
    this.#over = undefined
  }

  /** @returns where the value was that would have cost too much, if there was one; nothing is counted any more */
  end(): MatchPlace | undefined {
    this.#left = Number.POSITIVE_INFINITY
    return this.#over
  }

  /** Whether there is enough left for so many steps. Once there was not, there is nothing left. */
  spend(steps: number, place: MatchPlace): boolean {
    if (steps > this.#left) {
      this.#over ??= place
      this.#left = 0
      return false
    }
    this.#left -= steps
    return true
  }
}
