import { globSync } from 'node:fs'

/** Packages whose code runs in the proxy, so their tests must pass under Bun as well. */
export const BUN_PARTS: readonly string[] = ['http', 'engine', 'identity', 'telemetry', 'proxy'].map(
  (name) => `packages/${name}`,
)

/** Those of them that run in the proxy alone, and so on Bun. */
export const BUN_ONLY_PARTS: readonly string[] = ['packages/http', 'packages/proxy']

/** The test files for Bun of `parts`, from `root`, spelled so that Bun takes them for paths and not for filters. */
export function findBunTestFiles(root: string, parts: readonly string[]): readonly string[] {
  const patterns = parts.flatMap((part) => [`${part}/src/**/*.test.ts`, `${part}/test/**/*.{test,scenario}.ts`])
  return globSync(patterns, { cwd: root })
    .map((path) => `./${path}`)
    .sort()
}
