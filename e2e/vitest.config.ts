import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.e2e.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // Half of the time is waiting, for certificates to expire as for deadlines; more than two would measure each other.
    maxWorkers: 2,
  },
})
