import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.kube.ts'],
    globalSetup: ['shared-cluster.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Files share one node of two cores; together they would only wait for each other.
    fileParallelism: false,
  },
})
