import { defineConfig } from 'vitest/config'
import { longestFirst } from './longest-first.ts'

const LONG = ['rotation', 'root-change', 'demo', 'h2-attacks-windows', 'run', 'faults'].map((name) => `${name}.e2e.ts`)

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.e2e.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Half of the time is waiting, for certificates to expire as for deadlines; more than two would measure each other.
    maxWorkers: 2,
    sequence: { sequencer: longestFirst(LONG) },
  },
})
