import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.e2e.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // Each file starts meshes of its own on two cores; together they would only measure each other.
    fileParallelism: false,
  },
})
