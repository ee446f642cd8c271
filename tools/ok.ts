import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BUN_ONLY_PARTS, BUN_PARTS } from './bun-test-files.ts'
import { fingerprintParts } from './fingerprint-parts.ts'
import { PassedTests } from './passed-tests.ts'
import { readOptions } from './read-options.ts'
import { readTree } from './read-tree.ts'
import { runSteps, type Step, type StepResult } from './steps.ts'
import { vitestReport } from './test-reports.ts'

/**
 * `npm run ok`: everything a commit has to pass. Each step is one line; the output of those that failed follows it. Exit status 1 if any
 * failed. Tests are left out, and this is said, where nothing that they may depend on has changed since they passed here, and on Node where their
 * code runs on Bun alone. With `--all`, as CI has it, none are.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LANES = 2

type Parts = ReadonlyMap<string, string>

interface TestRun {
  readonly name: string
  /** With the tests of `folders` alone; of all, if there are none. */
  step(folders: readonly string[]): Step
  /** What it tests, with its fingerprints. */
  readonly parts: Parts
  readonly leftOut: ReadonlySet<string>
}

/** The long ones first, so that the two lanes end together. */
const CHECKS: readonly Step[] = [
  tool('types', 'tsc', '--noEmit', '-p', 'tsconfig.json'),
  tool('lint', 'biome', 'check', '--error-on-warnings', '.'),
  tool('unused code', 'knip', '--no-progress', '--no-config-hints', '--cache'),
  script('house rules', 'house-rules.ts'),
  script('generated files', 'gen.ts', '--check'),
]

function tool(name: string, program: string, ...args: readonly string[]): Step {
  return { name, command: join(ROOT, 'node_modules/.bin', program), args }
}

function script(name: string, file: string, ...args: readonly string[]): Step {
  return { name, command: process.execPath, args: [join(ROOT, 'tools', file), ...args] }
}

function planTests(passed: PassedTests, all: Parts): readonly TestRun[] {
  const onNode = new Map([...all].filter(([part]) => isAll || !BUN_ONLY_PARTS.includes(part)))
  const plan = (name: string, parts: Parts, step: TestRun['step']): TestRun => {
    return { name, step, parts, leftOut: new Set(isAll ? [] : passed.unchanged(name, parts)) }
  }
  const onBun = new Map([...all].filter(([part]) => BUN_PARTS.includes(part)))
  return [
    plan('tests on Node', onNode, (folders) => {
      const filters = folders.map((folder) => `${folder}/`)
      return tool('tests on Node', 'vitest', 'run', ...vitestReport(process.env, 'node'), ...filters)
    }),
    plan('tests on Bun', onBun, (folders) => script('tests on Bun', 'test-bun.ts', ...folders)),
  ]
}

function stepsOf({ parts, leftOut, step }: TestRun): readonly Step[] {
  if (isAll || parts.size === 0) return [step([])]
  const folders = [...parts.keys()].filter((part) => !leftOut.has(part))
  return folders.length === 0 ? [] : [step(folders)]
}

/** What changed while its tests ran is not known to pass. */
function notePassed(passed: PassedTests, runs: readonly TestRun[], results: readonly StepResult[]): void {
  const now = fingerprintParts(readTree(ROOT))
  for (const { name, parts } of runs) {
    if (!results.some((result) => result.name === name && result.succeeded)) continue
    passed.add(name, new Map([...parts].filter(([part, fingerprint]) => now.get(part) === fingerprint)))
  }
}

function report({ name, succeeded, tookMs, output }: StepResult): void {
  process.stdout.write(`${succeeded ? '✓' : '✗'} ${name.padEnd(16)} ${(tookMs / 1000).toFixed(1)} s\n`)
  if (!succeeded) process.stdout.write(`${output.trimEnd().replaceAll(/^/gm, '    ')}\n`)
}

function reportLeftOut(): void {
  if (isAll || runs.every(({ parts }) => parts.size === 0)) return
  runs.forEach(reportUnchanged)
  process.stdout.write(`- tests on Node    left to --all, as their code runs on Bun: ${namesOf(BUN_ONLY_PARTS)}\n`)
}

function reportUnchanged({ name, leftOut }: TestRun): void {
  if (leftOut.size === 0) return
  const parts = namesOf([...leftOut])
  process.stdout.write(`- ${name.padEnd(16)} left out, as they passed and nothing they use has changed: ${parts}\n`)
}

function namesOf(parts: readonly string[]): string {
  return parts.map((part) => part.replace('packages/', '')).join(' ')
}

process.chdir(ROOT)
const { all: isAll } = readOptions('usage: node tools/ok.ts [--all]', {
  options: { all: { type: 'boolean', default: false } },
}).values
const startMs = performance.now()
const passed = new PassedTests(join(ROOT, 'node_modules/.cache/passed-tests.json'))
const runs = planTests(passed, fingerprintParts(readTree(ROOT)))
const results = await runSteps([...runs.flatMap(stepsOf), ...CHECKS], LANES, report)
notePassed(passed, runs, results)
reportLeftOut()
const failed = results.filter(({ succeeded }) => !succeeded).map(({ name }) => name)
const tookSeconds = Math.round((performance.now() - startMs) / 1000)
process.stdout.write(
  failed.length === 0 ? `ok in ${tookSeconds} s\n` : `failed: ${failed.join(', ')} (${tookSeconds} s)\n`,
)
process.exitCode = failed.length === 0 ? 0 : 1
