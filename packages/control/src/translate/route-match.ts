import { create } from '@bufbuild/protobuf'
import {
  MatchType,
  type RouteMatch,
  RouteMatchSchema,
  type ValueMatch,
  ValueMatchSchema,
} from '@heddle/api/discovery/route'
import type { GrpcRouteMatch } from '@heddle/api/kinds/grpc-route'
import type * as Kind from '@heddle/api/kinds/http-route'
import type { TlsRoute } from '@heddle/api/kinds/stream-route'

const TYPES: Readonly<Record<Kind.HttpPathMatch['type'], MatchType>> = {
  Exact: MatchType.EXACT,
  PathPrefix: MatchType.PREFIX,
  RegularExpression: MatchType.REGULAR_EXPRESSION,
}

/** A match of an HTTPRoute as proxies are told it: all that it says has to hold. */
export function translateHttpMatch({ path, method = '', headers, queryParams }: Kind.HttpRouteMatch): RouteMatch {
  return create(RouteMatchSchema, {
    path: { type: TYPES[path.type], value: path.value },
    method,
    headers: headers.map(translateHeaderMatch),
    queryParams: queryParams.map(toValueMatch),
  })
}

/** The same of a GRPCRoute; without a method every call matches. */
export function translateGrpcMatch({ method, headers }: GrpcRouteMatch): RouteMatch {
  return create(RouteMatchSchema, {
    headers: headers.map(translateHeaderMatch),
    ...(method && {
      grpc: { type: TYPES[method.type], service: method.service ?? '', method: method.method ?? '' },
    }),
  })
}

/** None where the route names no host: every connection matches then. */
export function translateServerNames({ spec }: TlsRoute): RouteMatch[] {
  const serverNames = spec.hostnames.map((name) => name.toLowerCase())
  return serverNames.length === 0 ? [] : [create(RouteMatchSchema, { serverNames })]
}

/** Names of header fields are compared without case. */
export function translateHeaderMatch(match: Kind.ValueMatch): ValueMatch {
  return toValueMatch({ ...match, name: match.name.toLowerCase() })
}

function toValueMatch({ type, name, value }: Kind.ValueMatch): ValueMatch {
  return create(ValueMatchSchema, { type: TYPES[type], name, value })
}
