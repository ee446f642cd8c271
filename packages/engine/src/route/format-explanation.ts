import { REASONS } from './alternatives.ts'
import { formatRule } from './compile-rule.ts'
import type {
  ExplainedDraw,
  ExplainedOutcome,
  Mismatch,
  RouteExplanation,
  RulePlace,
  RuleTrial,
} from './explanation.ts'
import { formatOwnAnswer } from './own-answer.ts'

/** Lines of text for a terminal or a page. */
export function formatExplanation(explanation: RouteExplanation, options = DEFAULT_OPTIONS): readonly string[] {
  const { request, outcome, effects, draw } = explanation
  return [
    `${request.method} ${request.path}${request.authority === '' ? '' : ` to ${request.authority}`}`,
    ...formatOutcome(outcome),
    ...(draw === undefined ? [] : formatDraw(draw)),
    ...effects.map((effect) => `  ${effect}`),
    ...formatOtherRules(explanation, options),
  ]
}

/** The part of {@link formatExplanation} about rules that were not chosen, and what it would take for them to be. */
export function formatOtherRules(
  { rules, alternatives }: RouteExplanation,
  options: FormatOptions = DEFAULT_OPTIONS,
): readonly string[] {
  const lost = rules.filter((rule) => rule.outcome !== 'chosen')
  return [
    ...formatSection('Rules that were not chosen:', lost.map(formatTrial), options.maxRules),
    ...formatSection('For another rule:', alternatives.flatMap(formatAlternative), options.maxRules),
  ]
}

/** How much is said. */
export interface FormatOptions {
  /** Rules that were not chosen, at most. */
  readonly maxRules: number
}

const DEFAULT_OPTIONS: FormatOptions = { maxRules: 20 }

function formatOutcome(outcome: ExplainedOutcome): readonly string[] {
  const { kind, rule, backend, status = 0, grpcStatus, reason, remedy } = outcome
  const by = rule === undefined ? '' : ` by ${formatPlace(rule)}`
  switch (kind) {
    case 'own-endpoints':
      return ['goes to the endpoints of the Service itself: no route is attached to it']
    case 'forward':
      return [`goes to ${backend}${by}`]
    case 'redirect':
      return [`is redirected with ${formatOwnAnswer({ status, grpcStatus })}${by}`]
    case 'preflight':
      return [`is a cross-origin preflight, answered${by}`]
    case 'refused':
      return [`is refused with ${formatOwnAnswer({ status, grpcStatus })}: ${reason}`, `  ${remedy}`]
  }
}

function formatPlace(place: RulePlace): string {
  return `${formatRule(place)}${place.matchIndex === -1 ? '' : `, match ${place.matchIndex + 1}`}`
}

function formatDraw({ by, point, backends }: ExplainedDraw): readonly string[] {
  const lines = backends.map(({ key, weight, share, isChosen, unresolved }) => {
    const name = unresolved === undefined ? key : `${key === '' ? 'no destination' : key} (${unresolved})`
    return `    ${isChosen ? '*' : '-'} ${name}: weight ${weight}, ${formatPercent(share)} of the requests`
  })
  switch (by) {
    case 'none':
      return ['  no backend has a weight:', ...lines]
    case 'only':
      return backends.length === 1 ? [] : ['  only one backend has a weight:', ...lines]
    case 'session':
      return ['  the session of the request is at this backend:', ...lines]
    case 'weight':
      return [`  drawn by weight, at ${formatPercent(point ?? 0)}:`, ...lines]
  }
}

function formatTrial({ route, ruleIndex, name, outcome, matches }: RuleTrial): string {
  const place = formatRule({ route, ruleIndex, name })
  if (outcome === 'outranked') {
    const by = matches.find((match) => match.outcome === 'outranked')?.outrankedBy
    return `${place}: fits as well, but the chosen one has precedence${by === undefined ? '' : `: ${REASONS[by]}`}`
  }
  const firsts = matches.flatMap(({ matchIndex, mismatches: [first] }) => {
    if (first === undefined) return []
    return `${matches.length === 1 ? '' : `match ${matchIndex + 1}: `}${formatMismatch(first)}`
  })
  return `${place}: ${firsts.join('; ')}`
}

function formatMismatch({ field, name, wanted, got }: Mismatch): string {
  const what = name === '' ? field.replace('-', ' ') : `${field} ${name}`
  return `${what}: ${wanted} is wanted, the request has ${got === undefined ? 'none' : JSON.stringify(got)}`
}

function formatAlternative({ needs, ...place }: RouteExplanation['alternatives'][number]): readonly string[] {
  return needs.map((need, at) => (at === 0 ? `${formatPlace(place)}: ${need}` : `  and ${need}`))
}

function formatSection(title: string, lines: readonly string[], max: number): readonly string[] {
  if (lines.length === 0) return []
  const shown = lines.slice(0, max).map((line) => `  ${line}`)
  return [title, ...shown, ...(lines.length > max ? [`  and ${lines.length - max} more`] : [])]
}

function formatPercent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`
}
