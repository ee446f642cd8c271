import type { Problem } from '@heddle/api/admin'
import { formatProblem } from '@heddle/api/manifest/problem'
import { CliError } from '../../cli-error.ts'
import type { Terminal } from '../../output/terminal.ts'

/** Says every problem, as `heddle validate` does. */
export function noteProblems(problems: readonly Problem[], terminal: Terminal): void {
  for (const { severity, remedy, ...rest } of problems) {
    const isWarning = severity === 'warning'
    const problem = { ...rest, severity: isWarning ? 'warning' : 'error', ...(remedy !== '' && { remedy }) } as const
    const line = formatProblem(rest.file === '' ? { ...problem, file: 'the configuration' } : problem)
    terminal.note(isWarning ? terminal.noteStyle.yellow(line) : line)
  }
}

/** @throws {CliError} when one of the problems is an error */
export function refuseErrors(problems: readonly Problem[], exitStatus = 1): void {
  const errors = problems.filter(({ severity }) => severity === 'error').length
  if (errors === 0) return
  throw new CliError(
    `refused as a whole for ${errors === 1 ? 'this problem' : `these ${errors} problems`}; nothing was changed`,
    {
      exitStatus,
    },
  )
}
