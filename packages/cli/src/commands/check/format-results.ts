import type { Style } from '../../output/style.ts'
import { type CategoryResult, type CheckResult, isHealthy } from './check.ts'

const REFERENCE = 'docs/reference/checks.md'
/** A mesh of thousands should not fill the screen with one problem. */
const MAX_DETAILS = 10

/** Where a check is explained. */
function hintOf(id: string): string {
  return `${REFERENCE}#${id}`
}

/** All checks by category. */
export function formatAll(results: readonly CategoryResult[], style: Style): string {
  const sections = results.map(({ name, checks }) => `${section(name, checks, style)}\n`)
  return `${sections.join('')}${formatStatus(results, style)}`
}

/** Only what is not well; nothing but the last line when all is. */
export function formatFailures(results: readonly CategoryResult[], style: Style): string {
  const failed = results
    .map(({ name, checks }) => ({ name, checks: checks.filter(({ verdict }) => verdict.kind !== 'success') }))
    .filter(({ checks }) => checks.length > 0)
  const sections = failed.map(({ name, checks }) => `${section(name, checks, style)}\n`)
  return `${sections.join('')}${formatStatus(results, style)}`
}

/** As `-o json` shows it; keys are stable. */
export function toCheckJson(results: readonly CategoryResult[]) {
  return {
    success: isHealthy(results),
    categories: results.map(({ name, checks }) => ({
      name,
      checks: checks.map(({ id, description, verdict }) => ({
        id,
        description,
        result: verdict.kind,
        ...(verdict.kind !== 'success' && { details: verdict.details, remedy: verdict.remedy, hint: hintOf(id) }),
      })),
    })),
  }
}

function section(name: string, checks: readonly CheckResult[], style: Style): string {
  return `${style.bold(name)}\n${'-'.repeat(name.length)}\n${checks.map((check) => formatCheck(check, style)).join('')}`
}

function formatCheck({ id, description, verdict }: CheckResult, style: Style): string {
  if (verdict.kind === 'success') return `${style.green('√')} ${description}\n`
  const mark = verdict.kind === 'warning' ? style.yellow('‼') : style.red('×')
  const more = verdict.details.length - MAX_DETAILS
  const details = [...verdict.details.slice(0, MAX_DETAILS), ...(more > 0 ? [`and ${more} more`] : [])]
  return [`${mark} ${description}`, ...details.map(indent), indent(verdict.remedy), indent(`see ${hintOf(id)}`)]
    .map((line) => `${line}\n`)
    .join('')
}

function indent(line: string): string {
  return `    ${line}`
}

function formatStatus(results: readonly CategoryResult[], style: Style): string {
  return `Status check results are ${isHealthy(results) ? style.green('√') : style.red('×')}\n`
}
