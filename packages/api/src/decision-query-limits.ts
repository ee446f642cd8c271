/** Bounds of a question for the decision records of proxies, to which whoever asks, passes on and answers keeps. */
export const DECISION_QUERY_LIMITS = {
  /** Records that are told where a question does not say how many. */
  defaultRecords: 100,
  /** Records are a kilobyte or so, and as many of each proxy may be under way. */
  mostRecords: 1_000,
  /** Questions to proxies that wait for their answers at a time. */
  mostOpen: 16,
} as const
