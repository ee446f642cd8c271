import { create } from '@bufbuild/protobuf'
import { type Problem as ProblemMessage, ProblemSchema } from '@heddle/api/admin'
import type { Problem } from '@heddle/api/manifest/problem'

export function toProblems(problems: readonly Problem[]): ProblemMessage[] {
  return problems.map((problem) => create(ProblemSchema, problem))
}
