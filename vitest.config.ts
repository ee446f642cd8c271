import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// The tests start Node some thirty times: with what it has compiled before it does so in half of the processor time.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/node')

export default defineConfig({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/*/test/**/*.{test,scenario}.ts',
      'tools/**/*.test.ts',
      'bench/**/*.test.ts',
      'e2e/**/*.test.ts',
    ],
    setupFiles: ['vitest.setup.ts'],
    // A bound on what hangs, not on what is slow: a busy machine takes ten times as long.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000, interval: 5 } },
    // Nothing is mocked and no module has a state that a test could leave behind, so a worker may run one file after the other: what
    // several need is loaded once. Half of the processor time of all tests.
    isolate: false,
    // A worker waits for two fifths of its time, for what it has started or for what ends by a deadline: two cores have room for two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
})
