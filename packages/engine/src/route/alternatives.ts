import { formatRule } from './compile-rule.ts'
import type { Alternative, MatchTrial, Mismatch, RuleTrial } from './explanation.ts'
import type { Precedence } from './precedence.ts'
import type { CompiledMatch } from './route-table.ts'

/** More would not be read. */
const MAX_ALTERNATIVES = 5

/** What it would take for each of the other rules to be chosen; those that need least come first. */
export function listAlternatives(
  rules: readonly RuleTrial[],
  chosen: CompiledMatch | undefined,
): readonly Alternative[] {
  const others = rules.filter(({ outcome }) => outcome !== 'chosen').map((rule) => toAlternative(rule, chosen))
  return others.sort((a, b) => a.needs.length - b.needs.length).slice(0, MAX_ALTERNATIVES)
}

/** By the match of the rule that needs least. */
function toAlternative(rule: RuleTrial, chosen: CompiledMatch | undefined): Alternative {
  const { route, ruleIndex, name } = rule
  const [nearest] = rule.matches
    .map((match) => ({ match, needs: needsOf(match, chosen) }))
    .sort((a, b) => a.needs.length - b.needs.length)
  return { route, ruleIndex, name, matchIndex: nearest?.match.matchIndex ?? -1, needs: nearest?.needs ?? [] }
}

function needsOf({ mismatches, outrankedBy }: MatchTrial, chosen: CompiledMatch | undefined): readonly string[] {
  const needs = mismatches.map(formatNeed)
  if (outrankedBy === undefined || chosen === undefined) return needs
  return [...needs, `${formatRule(chosen.rule)} must not fit or must not have precedence: ${REASONS[outrankedBy]}`]
}

function formatNeed({ field, name, wanted, got }: Mismatch): string {
  const has = got === undefined ? 'the request has none' : `the request has ${JSON.stringify(got)}`
  return `${FIELDS[field]}${name === '' ? '' : ` ${name}`} must be ${wanted}; ${has}`
}

const FIELDS = {
  path: 'the path',
  'grpc-service': 'the gRPC service',
  'grpc-method': 'the gRPC method',
  method: 'the method',
  header: 'the header',
  query: 'the query parameter',
} as const satisfies Record<Mismatch['field'], string>

/** Why the chosen match has precedence. */
export const REASONS = {
  'path-kind': 'exact paths come first, then prefixes, then expressions, then rules that say nothing of the path',
  'longer-prefix': 'its prefix is longer',
  'grpc-service': 'it says more exactly which gRPC service it is for',
  'grpc-method': 'it says more exactly which gRPC method it is for',
  method: 'it asks for a method',
  headers: 'it asks for more headers',
  'query-params': 'it asks for more query parameters',
  'route-order': 'its route is older, or comes first by namespace and name',
  'rule-order': 'it comes first in the route',
  'match-order': 'it comes first in the rule',
} as const satisfies Record<Precedence, string>
