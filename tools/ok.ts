import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runSteps, type Step, type StepResult } from './steps.ts'
import { vitestReport } from './test-reports.ts'

/**
 * `npm run ok`: everything a commit has to pass, in about a minute. Each step is one line; the output of those that failed
 * follows it. Exit status 1 if any failed.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LANES = 2

/** The long ones first, so that the two lanes end together. */
const STEPS: readonly Step[] = [
  tool('tests on Node', 'vitest', 'run', ...vitestReport(process.env, 'node')),
  script('tests on Bun', 'test-bun.ts'),
  tool('types', 'tsc', '--noEmit', '-p', 'tsconfig.json'),
  tool('lint', 'biome', 'check', '--error-on-warnings', '.'),
  tool('unused code', 'knip', '--no-progress', '--no-config-hints'),
  script('house rules', 'house-rules.ts'),
  script('generated files', 'gen.ts', '--check'),
]

function tool(name: string, program: string, ...args: readonly string[]): Step {
  return { name, command: join(ROOT, 'node_modules/.bin', program), args }
}

function script(name: string, file: string, ...args: readonly string[]): Step {
  return { name, command: process.execPath, args: [join(ROOT, 'tools', file), ...args] }
}

function report({ name, succeeded, tookMs, output }: StepResult): void {
  process.stdout.write(`${succeeded ? '✓' : '✗'} ${name.padEnd(16)} ${(tookMs / 1000).toFixed(1)} s\n`)
  if (!succeeded) process.stdout.write(`${output.trimEnd().replaceAll(/^/gm, '    ')}\n`)
}

process.chdir(ROOT)
const startMs = performance.now()
const results = await runSteps(STEPS, LANES, report)
const failed = results.filter(({ succeeded }) => !succeeded).map(({ name }) => name)
const tookSeconds = Math.round((performance.now() - startMs) / 1000)
process.stdout.write(
  failed.length === 0 ? `ok in ${tookSeconds} s\n` : `failed: ${failed.join(', ')} (${tookSeconds} s)\n`,
)
process.exitCode = failed.length === 0 ? 0 : 1
