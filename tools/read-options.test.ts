import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

function runTool(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  return { status, stdout, stderr }
}

test.each([
  { args: ['packages/http/fuzz/main.ts', '--nix'], problem: "Unknown option '--nix'" },
  { args: ['packages/http/fuzz/main.ts', '--count', '0'], problem: '--count 0: expected a whole number from 1' },
  { args: ['packages/http/fuzz/main.ts', '--for', 'ever'], problem: '--for ever: expected a duration like 30s' },
  { args: ['packages/http/fuzz/main.ts', '--seed'], problem: "Option '--seed <value>' argument missing" },
  { args: ['e2e/soak.ts', '--for', '1s'], problem: '--for 1s: expected a duration of at least 30s' },
  { args: ['e2e/cluster/cluster-up.ts', 'one', 'two'], problem: 'two: one cluster at a time' },
  { args: ['e2e/cluster/cluster-down.ts', '--al'], problem: "Unknown option '--al'" },
  { args: ['tools/ok.ts', 'packages/http'], problem: "Unexpected argument 'packages/http'" },
  { args: ['tools/test-bun.ts', 'packages/nix'], problem: 'packages/nix: no tests for Bun are there' },
  { args: ['bench/memory.ts', '--parts', 'nix'], problem: '--parts nix: expected some of plain,mtls,streams' },
])('node $args ends with what is wrong and the usage', ({ args, problem }) => {
  const { status, stdout, stderr } = runTool(...args)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr.split('\n')[0]).toBe(`error: ${problem}`)
  expect(stderr.split('\n')[1]).toMatch(/^(usage: )?node /)
  expect(stderr).not.toContain('    at ')
})

test('--help is the usage', () => {
  expect(runTool('tools/ok.ts', '--help')).toEqual({
    status: 0,
    stdout: 'usage: node tools/ok.ts [--all]\n',
    stderr: '',
  })
})
