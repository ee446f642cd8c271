import { readFileSync } from 'node:fs'
import { checkStaticConfig, type StaticConfig } from '@heddle/api/static-config'
import { ConfigError } from '@heddle/base/config-error'
import { messageOf } from '@heddle/base/message-of'
import { LIMITS } from '../limits.ts'

/**
 * Reads a static configuration in JSON.
 * @param shownAs - the file that people know, where `file` was made of it
 * @throws {ConfigError} listing every problem
 */
export function readStaticConfig(file: string, shownAs = file): StaticConfig {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw refusal(shownAs, [messageOf(error)])
  }
  const result = checkStaticConfig(value)
  if (result.kind === 'invalid') throw refusal(shownAs, result.problems)
  const problems = findUnknownLimits(result.config)
  if (problems.length > 0) throw refusal(shownAs, problems)
  return result.config
}

function refusal(file: string, problems: readonly string[]): ConfigError {
  return new ConfigError(problems, `${file} cannot be used`)
}

function findUnknownLimits({ limits = {} }: StaticConfig): string[] {
  const unknown = Object.keys(limits).filter((name) => !Object.hasOwn(LIMITS, name))
  return unknown.map((name) => `limits.${name}: there is no such limit; see docs/reference/limits.md`)
}
