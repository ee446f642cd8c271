import { formatProblem, type Problem } from '@heddle/api/manifest/problem'

/** The problems of one severity, one line each. Only errors keep a configuration from being in force. */
export function formatProblems(problems: readonly Problem[], severity: Problem['severity']): string[] {
  return problems.filter((problem) => problem.severity === severity).map(formatProblem)
}
