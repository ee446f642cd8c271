import { defineConfig } from 'vitest/config'
import { longestFirst } from '../longest-first.ts'

const LONG = ['high-availability', 'upgrade', 'cli', 'lifecycle', 'injection'].map((name) => `${name}.kube.ts`)

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.kube.ts'],
    globalSetup: ['shared-cluster.ts'],
    testTimeout: 400_000,
    hookTimeout: 300_000,
    // Half of the time is waiting, for pods as for an API server that is away; with more clusters deadlines would be missed.
    maxWorkers: 2,
    sequence: { sequencer: longestFirst(LONG) },
  },
})
