import { checkSchema } from '@heddle/api/manifest/check-schema'
import { type Finding, formatPath } from '@heddle/api/manifest/finding'
import { formatProblem } from '@heddle/api/manifest/problem'
import { readDocuments } from '@heddle/api/manifest/read-documents'
import { ConfigError } from '@heddle/base/config-error'
import { isMap } from '@heddle/base/is-map'
import { HA_VALUES } from './ha-values.ts'
import type { InstallValues } from './install-values.ts'
import { installValuesSchema } from './install-values-schema.ts'
import { DEFAULT_VALUES, mergeValues, type ValueTree } from './override.ts'
import { parseSetting } from './parse-setting.ts'

/** Something that says values; of two that say the same one the later counts. */
export type ValuesInput =
  | { readonly kind: 'ha' }
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  /** `control.replicas=3` */
  | { readonly kind: 'set'; readonly text: string }

const SCHEMA = { schema: installValuesSchema }

/**
 * The values of an installation: the defaults, and on them all of `inputs` in turn.
 *
 * @throws {ConfigError} with every mistake, where it is, and what was probably meant
 */
export function readInstallValues(inputs: readonly ValuesInput[]): InstallValues {
  const readings = inputs.map(readInput)
  const problems = readings.flatMap((reading) => reading.problems)
  if (problems.length > 0) throw new ConfigError(problems, 'values that cannot be used')
  return readings.reduce((under, { values }) => mergeValues(under, values), DEFAULT_VALUES) as unknown as InstallValues
}

interface Reading {
  readonly values: ValueTree
  readonly problems: readonly string[]
}

function readInput(input: ValuesInput): Reading {
  switch (input.kind) {
    case 'ha':
      return { values: HA_VALUES, problems: [] }
    case 'file':
      return readFile(input.path, input.text)
    case 'set':
      return readSetting(input.text)
  }
}

function readFile(path: string, text: string): Reading {
  const { objects, problems } = readDocuments(path, text)
  const errors = problems.filter(({ severity }) => severity === 'error').map(formatProblem)
  if (errors.length > 0) return { values: {}, problems: errors }
  const readings = objects.map((object): Reading => {
    // Nothing, or a file of comments.
    const value = object.value ?? {}
    const findings = isMap(value) ? check(value) : [NO_MAP]
    return {
      values: isMap(value) ? value : {},
      problems: findings.map((finding) => formatProblem(object.problem(finding))),
    }
  })
  return {
    values: readings.reduce<ValueTree>((under, { values }) => mergeValues(under, values), {}),
    problems: readings.flatMap((reading) => reading.problems),
  }
}

const NO_MAP: Finding = { severity: 'error', path: [], reason: 'expected a map of values' }

function readSetting(text: string): Reading {
  const setting = parseSetting(text, installValuesSchema)
  if (setting.kind === 'wrong') return { values: {}, problems: [`--set ${text}: ${setting.reason}`] }
  const problems = check(setting.values).map(({ path, reason, remedy }) => {
    return `--set ${text}: ${formatPath(path)}: ${reason}${remedy === undefined ? '' : ` (${remedy})`}`
  })
  return { values: setting.values, problems }
}

/** Checking fills in defaults, which must not count as said. */
function check(values: ValueTree): readonly Finding[] {
  return checkSchema(SCHEMA, structuredClone(values))
}
