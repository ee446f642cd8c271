import { expect, test } from 'vitest'
import { equalCandidates } from '../../test/candidates.ts'
import { pauseEndpoint } from './candidate.ts'

test('pauseEndpoint() leaves an endpoint be for as long as it asked, but not for ever, and never shortens it', () => {
  const [candidate] = equalCandidates(1)
  pauseEndpoint(candidate!, 3_000, 1_000_000)
  expect(candidate!.pausedUntilUs).toBe(4_000_000)
  pauseEndpoint(candidate!, 1_000, 1_000_000)
  expect(candidate!.pausedUntilUs).toBe(4_000_000)
  pauseEndpoint(candidate!, 86_400_000, 1_000_000)
  expect(candidate!.pausedUntilUs).toBe(61_000_000)
})
