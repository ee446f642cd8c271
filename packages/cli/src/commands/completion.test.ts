import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { runCommand } from '../../test/command-world.ts'
import type { Command } from '../command.ts'
import { completion } from './completion.ts'
import { stat } from './stat.ts'
import { token } from './token.ts'
import { validate } from './validate.ts'

/** Some commands together, as the registry has them. */
const several: Command = {
  register(program, deps) {
    for (const command of [stat, token, validate, completion]) command.register(program, deps)
  },
}

async function scriptFor(shell: string): Promise<string> {
  const { status, stdout, stderr } = await runCommand(several, ['completion', shell])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

/** What bash offers when Tab is pressed at the end of `line`. */
function completeInBash(script: string, line: string): readonly string[] {
  const words = line.split(' ')
  const quoted = words.map((word) => `'${word}'`).join(' ')
  const program = `${script}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _heddle; echo "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', program], { encoding: 'utf8', timeout: 30_000 })
  expect(stderr).toBe('')
  return stdout
    .trim()
    .split(' ')
    .filter((word) => word !== '')
}

test.each([
  { line: 'heddle ', offers: ['stat', 'token', 'validate', 'completion'] },
  { line: 'heddle st', offers: ['stat'] },
  { line: 'heddle stat ', offers: ['deploy', 'sts', 'ds', 'job', 'rs', 'pod', 'svc', 'ns'] },
  { line: 'heddle stat deploy --to', offers: ['--to', '--to-namespace'] },
  { line: 'heddle stat deploy -o ', offers: ['table', 'wide', 'json'] },
  { line: 'heddle stat deploy --output w', offers: ['wide'] },
  { line: 'heddle stat deploy --output = w', offers: ['wide'] },
  { line: 'heddle stat deploy --output =', offers: ['table', 'wide', 'json'] },
  { line: 'heddle stat deploy -n ', offers: [] },
  { line: 'heddle stat deploy --m', offers: ['--mesh'] },
  { line: 'heddle token ', offers: ['create'] },
  { line: 'heddle token create --s', offers: ['--service-account'] },
  { line: 'heddle completion ', offers: ['bash', 'zsh', 'fish'] },
  { line: 'heddle validate ', offers: [] },
  { line: 'heddle run -- so', offers: [] },
])('bash offers $offers after "$line"', async ({ line, offers }) => {
  expect(completeInBash(await scriptFor('bash'), line)).toEqual(offers)
})

test.each(['zsh', 'fish'])('the script for %s has every command, its flags and their choices', async (shell) => {
  const script = await scriptFor(shell)
  for (const part of ['heddle token create', 'time-window', 'service-account', 'table wide json', 'deploy', 'mesh']) {
    expect(script).toContain(part)
  }
})

test('a shell that is unknown is refused', async () => {
  const { status, stdout, stderr } = await runCommand(several, ['completion', 'tcsh'])
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toContain('tcsh')
})
