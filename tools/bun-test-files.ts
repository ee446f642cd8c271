import { globSync } from 'node:fs'

/** Packages whose code runs in the proxy, so their tests must pass under Bun as well. */
const PACKAGES = ['http', 'engine', 'identity', 'telemetry', 'proxy']

/** The test files for Bun, from `root`, spelled so that Bun takes them for paths and not for filters. */
export function findBunTestFiles(root: string): readonly string[] {
  const folders = `packages/{${PACKAGES.join(',')}}`
  const patterns = [`${folders}/src/**/*.test.ts`, `${folders}/test/**/*.{test,scenario}.ts`]
  return globSync(patterns, { cwd: root })
    .map((path) => `./${path}`)
    .sort()
}
