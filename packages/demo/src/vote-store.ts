import type { Tally } from './contract.ts'

/** The emoji whose votes fail, so that there is something to find. */
export const BROKEN_SHORTCODE = ':broccoli:'

/** More kinds of emoji than this are refused, so that a hostile caller cannot fill the memory. */
const MAX_SHORTCODES = 1000

/** A vote could not be counted. */
export class VoteError extends Error {
  override readonly name = 'VoteError'
}

/** Votes counted in memory; gone when the process ends. */
export class VoteStore {
  readonly #votes = new Map<string, number>()

  /**
   * Counts one vote.
   *
   * @returns the votes of this emoji, this one included
   * @throws {VoteError} always for {@link BROKEN_SHORTCODE}, and when there are too many kinds of emoji
   */
  vote(shortcode: string): number {
    if (shortcode === BROKEN_SHORTCODE) throw new VoteError(`votes for ${shortcode} cannot be counted`)
    const before = this.#votes.get(shortcode)
    if (before === undefined && this.#votes.size >= MAX_SHORTCODES) throw new VoteError('too many kinds of emoji')
    const votes = (before ?? 0) + 1
    this.#votes.set(shortcode, votes)
    return votes
  }

  /** Every emoji that has votes: most votes first, equal ones by name. */
  results(): readonly Tally[] {
    return [...this.#votes]
      .map(([shortcode, votes]) => ({ shortcode, votes }))
      .sort((a, b) => b.votes - a.votes || (a.shortcode < b.shortcode ? -1 : 1))
  }
}
