/** One request of the bot. */
export type Visit =
  | { readonly kind: 'list' }
  | { readonly kind: 'vote'; readonly shortcode: string }
  | { readonly kind: 'leaderboard' }

/**
 * What a crowd of visitors does in one round: someone opens the list, every emoji gets one vote, and someone looks at the
 * leaderboard; votes and look in random order.
 *
 * A shuffled deck instead of independent draws: the share of votes that fail is then nearly the same in every few
 * seconds, so that a reader of the success rate sees the application and not the dice.
 *
 * @param random - as Math.random
 */
export function planRound(shortcodes: readonly string[], random: () => number): readonly Visit[] {
  const visits: Visit[] = [
    ...shortcodes.map((shortcode) => ({ kind: 'vote' as const, shortcode })),
    { kind: 'leaderboard' },
  ]
  for (let last = visits.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const swapped = visits[last]!
    visits[last] = visits[other]!
    visits[other] = swapped
  }
  return [{ kind: 'list' }, ...visits]
}

/** Path and method of a visit. */
export function toRequest(visit: Visit): { readonly method: string; readonly path: string } {
  switch (visit.kind) {
    case 'list':
      return { method: 'GET', path: '/api/list' }
    case 'vote':
      return { method: 'POST', path: `/api/vote?choice=${encodeURIComponent(visit.shortcode)}` }
    case 'leaderboard':
      return { method: 'GET', path: '/leaderboard' }
  }
}
