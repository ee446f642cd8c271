import type { ValueMatchJson } from '@heddle/api/discovery/route'
import type { MatchMeter, MatchPlace } from './match-meter.ts'
import type { RequestFacts } from './request-facts.ts'

/** Compiles an expression of RE2's syntax. Throws on what it does not understand. */
export type RegexCompiler = (expression: string) => Expression

/** A compiled expression. */
export interface Expression {
  /** Instructions: a value of n characters takes at most about n times that many steps. */
  readonly size: number
  /** Whether the whole value fits. Never throws. */
  test(value: string): boolean
}

/** What a value has to be. */
export type TextMatch =
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'pattern'; readonly value: string; readonly test: (value: string) => boolean }

/** What a header field or query parameter has to be. */
export interface FieldMatch {
  /** Of a header in lower case. */
  readonly name: string
  readonly text: TextMatch
}

/** One object for all matches that ask for none. */
export const NO_FIELDS: readonly FieldMatch[] = []

/** What compiling needs beside its subject. */
export interface CompileContext {
  /** `undefined`: not loaded, so expressions are problems. */
  readonly regex: RegexCompiler | undefined
  /** Told what is wrong, one sentence each. */
  readonly onProblem: (problem: string) => void
}

/** What compiling matches needs. */
export interface MatchContext extends CompileContext {
  /** Counts what expressions cost. */
  readonly meter: MatchMeter
}

/** Whether {@link compileHeaderMatches} needs a compiler of regular expressions for these. */
export function hasRegex(matches: readonly ValueMatchJson[] | undefined): boolean {
  return matches?.some(({ type }) => type === 'MATCH_TYPE_REGULAR_EXPRESSION') === true
}

/** Conditions on header fields. Of several with one name the first counts (Gateway API, HTTPHeaderMatch.name). */
export function compileHeaderMatches(
  matches: readonly ValueMatchJson[] | undefined,
  context: MatchContext,
): readonly FieldMatch[] {
  return compileFields(matches, { ...context, place: 'header' }, (name) => name.toLowerCase())
}

/** Conditions on query parameters, whose names are case-sensitive. */
export function compileQueryMatches(
  matches: readonly ValueMatchJson[] | undefined,
  context: MatchContext,
): readonly FieldMatch[] {
  return compileFields(matches, { ...context, place: 'path' }, (name) => name)
}

/** Index of the first condition, counted from `from`, that does not hold, or -1. */
export function findHeaderMismatch(matches: readonly FieldMatch[], request: RequestFacts, from = 0): number {
  for (let at = from; at < matches.length; at++) {
    const { name, text } = matches[at]!
    if (!isFitting(text, readHeader(request, name))) return at
  }
  return -1
}

/** Whether `value` is what `text` wants; what is not there never is. */
export function isFitting(text: TextMatch, value: string | undefined): boolean {
  if (value === undefined) return false
  return text.kind === 'exact' ? text.value === value : text.test(value)
}

/**
 * A field's value with all of its lines, joined as RFC 9110 §5.3 and RFC 9113 §8.2.3 say. `host` is the request's
 * authority, whatever protocol brought it.
 */
export function readHeader(request: RequestFacts, name: string): string | undefined {
  const first = request.fields.get(name)
  if (first === undefined) return name === 'host' && request.authority !== '' ? request.authority : undefined
  const lines = request.fields.getAll(name)
  return lines.length === 1 ? first : lines.join(name === 'cookie' ? '; ' : ', ')
}

/** What {@link compileText} needs beside its subject. */
export interface TextContext extends MatchContext {
  readonly place: MatchPlace
}

/** One value to match; an expression that does not compile is a problem. */
export function compileText(value: string, isRegex: boolean, context: TextContext): TextMatch {
  if (!isRegex) return { kind: 'exact', value }
  try {
    if (context.regex === undefined) throw new Error('support for regular expressions is not loaded')
    return { kind: 'pattern', value, test: metered(context.regex(value), context) }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    context.onProblem(`the regular expression ${JSON.stringify(value)} cannot be used: ${detail}`)
    return { kind: 'exact', value }
  }
}

function metered(expression: Expression, { meter, place }: TextContext): (value: string) => boolean {
  const { size } = expression
  return (value) => meter.spend(value.length * size, place) && expression.test(value)
}

function compileFields(
  matches: readonly ValueMatchJson[] | undefined,
  context: TextContext,
  nameOf: (name: string) => string,
): readonly FieldMatch[] {
  if (matches === undefined || matches.length === 0) return NO_FIELDS
  const byName = new Map<string, FieldMatch>()
  for (const { type, name: written = '', value = '' } of matches) {
    const name = nameOf(written)
    if (name === '') context.onProblem('a match has no name of a header or query parameter')
    if (type === 'MATCH_TYPE_PREFIX') context.onProblem(`${name} cannot be matched by prefix: only paths can`)
    if (byName.has(name)) continue
    byName.set(name, { name, text: compileText(value, type === 'MATCH_TYPE_REGULAR_EXPRESSION', context) })
  }
  return [...byName.values()]
}
