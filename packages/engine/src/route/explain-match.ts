import type { MatchTrial, Mismatch } from './explanation.ts'
import type { FieldMatch, TextMatch } from './field-match.ts'
import { readHeader } from './field-match.ts'
import { precedenceOf } from './precedence.ts'
import { readQueryParam } from './query-param.ts'
import type { RequestFacts } from './request-facts.ts'
import { CONDITION, findMismatch, pathEnd, readGrpcName } from './route-match.ts'
import type { CompiledMatch } from './route-table.ts'

/** How `match` fared against the one that was chosen. */
export function tryMatch(match: CompiledMatch, request: RequestFacts, chosen: CompiledMatch | undefined): MatchTrial {
  const { matchIndex } = match
  if (match === chosen) return { matchIndex, outcome: 'chosen', mismatches: [], outrankedBy: undefined }
  const mismatches = listMismatches(match, request)
  const outrankedBy = chosen !== undefined && chosen.rank < match.rank ? precedenceOf(chosen, match) : undefined
  return { matchIndex, outcome: mismatches.length === 0 ? 'outranked' : 'mismatch', mismatches, outrankedBy }
}

/** All conditions of `match` that do not hold, asked for as the decision asks for the first one. */
function listMismatches(match: CompiledMatch, request: RequestFacts): readonly Mismatch[] {
  const mismatches: Mismatch[] = []
  for (let at = findMismatch(match, request, 0); at !== -1; at = findMismatch(match, request, at + 1)) {
    mismatches.push(describeCondition(match, request, at))
  }
  return mismatches
}

function describeCondition(match: CompiledMatch, request: RequestFacts, condition: number): Mismatch {
  const { path, method } = request
  const name = readGrpcName(path)
  switch (condition) {
    case CONDITION.path:
      return { field: 'path', name: '', wanted: formatPath(match), got: path.slice(0, pathEnd(path)) }
    case CONDITION.service:
      return { field: 'grpc-service', name: '', wanted: formatText(match.grpc?.service), got: name?.service }
    case CONDITION.grpcMethod:
      return { field: 'grpc-method', name: '', wanted: formatText(match.grpc?.method), got: name?.method }
    case CONDITION.method:
      return { field: 'method', name: '', wanted: match.method ?? '', got: method }
    default:
      return describeField(match, request, condition - CONDITION.firstHeader)
  }
}

function describeField({ headers, queryParams }: CompiledMatch, request: RequestFacts, at: number): Mismatch {
  const header = headers[at]
  if (header !== undefined) return { field: 'header', ...describe(header), got: readHeader(request, header.name) }
  const param = queryParams[at - headers.length]!
  return { field: 'query', ...describe(param), got: readQueryParam(request.path, param.name) }
}

function describe({ name, text }: FieldMatch): { readonly name: string; readonly wanted: string } {
  return { name, wanted: formatText(text) }
}

function formatPath({ path }: CompiledMatch): string {
  switch (path.kind) {
    case 'exact':
      return `exactly ${JSON.stringify(path.path)}`
    case 'prefix':
      return `prefix ${JSON.stringify(path.prefix === '' ? '/' : path.prefix)}`
    case 'pattern':
      return formatText(path.text)
  }
}

function formatText(text: TextMatch | undefined): string {
  if (text === undefined) return 'any'
  return text.kind === 'exact' ? `exactly ${JSON.stringify(text.value)}` : `expression ${JSON.stringify(text.value)}`
}
