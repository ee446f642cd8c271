import { describe, expect, test } from 'vitest'
import { documents, route } from './manifest-fixture.ts'
import { BACKEND, grpc, http, type Mistake, mistakesIn, PARENT } from './mistakes-fixture.ts'

test('what the mistakes are made of is right', () => {
  expect(mistakesIn(http(BACKEND))).toEqual([])
  expect(mistakesIn(grpc(BACKEND))).toEqual([])
})

const ROUTE_ERRORS: readonly Mistake[] = [
  {
    mistake: 'an unknown field',
    text: http(`backendRef: [{name: web-svc, port: 80}]`),
    problem: 'f:7:5: spec.rules[0].backendRef: is not a known field (did you mean backendRefs?)',
  },
  {
    mistake: 'a kind of another version',
    text: http(BACKEND).replace('/v1', '/v2'),
    problem:
      'f:1:1: apiVersion: there is no HTTPRoute in "gateway.networking.k8s.io/v2" (use gateway.networking.k8s.io/v1)',
  },
  {
    mistake: 'a kind that is spelled wrongly',
    text: http(BACKEND).replace('kind: HTTPRoute', 'kind: HttpRouter'),
    problem: 'f:2:1: kind: HttpRouter in "gateway.networking.k8s.io/v1" is not a known kind (did you mean HTTPRoute?)',
  },
  {
    mistake: 'a Service in the wrong group',
    text: http(BACKEND).replace('group: "", ', ''),
    problem:
      'f:5:16: spec.parentRefs[0].group: there is no Service in group gateway.networking.k8s.io (write group: "")',
  },
  {
    mistake: 'a parent that is no Service',
    text: http(BACKEND).replace('kind: Service', 'kind: Deployment'),
    problem:
      'f:5:28: spec.parentRefs[0].kind: a route cannot be attached to a Deployment (name a Service, with group: "")',
  },
  {
    mistake: 'one parent twice',
    text: http(BACKEND).replace('[{group', '[{group: "", kind: Service, name: web-svc}, {group'),
    problem: 'f:5:3: spec.parentRefs: one parent is named twice with the same sectionName and port',
  },
  {
    mistake: 'one parent with a port and without',
    text: http(BACKEND).replace('[{group', '[{group: "", kind: Service, name: web-svc, port: 80}, {group'),
    problem:
      'f:5:3: spec.parentRefs: where one parent is named more than once, each time needs a port, or each time a sectionName',
  },
  {
    mistake: 'a backend of another kind',
    text: http(`backendRefs: [{kind: Deployment, name: web, port: 80}]`),
    problem: 'f:7:20: spec.rules[0].backendRefs[0].kind: a backend cannot be a Deployment (name a Service)',
  },
  {
    mistake: 'a backend without port',
    text: http(`backendRefs: [{name: web-svc}]`),
    problem: 'f:7:19: spec.rules[0].backendRefs[0].port: a Service needs a port',
  },
  {
    mistake: 'a weight below 0',
    text: http(`backendRefs: [{name: web-svc, port: 80, weight: -1}]`),
    problem: 'f:7:45: spec.rules[0].backendRefs[0].weight: expected a whole number from 0 to 1000000, got -1',
  },
  {
    mistake: 'a weight that is not whole',
    text: http(`backendRefs: [{name: web-svc, port: 80, weight: 0.5}]`),
    problem: 'f:7:45: spec.rules[0].backendRefs[0].weight: expected a whole number from 0 to 1000000, got 0.5',
  },
  {
    mistake: 'a path without slash',
    text: http(`matches: [{path: {value: cart}}]\n${BACKEND}`),
    problem: 'f:7:23: spec.rules[0].matches[0].path.value: a path of type Exact or PathPrefix must start with "/"',
  },
  {
    mistake: 'a path with a query',
    text: http(`matches: [{path: {type: Exact, value: /cart?a=b}}]\n${BACKEND}`),
    problem:
      'f:7:36: spec.rules[0].matches[0].path.value: a path of type Exact or PathPrefix must have characters of a path only, others as %XX',
  },
  {
    mistake: 'a path that is never asked for',
    text: http(`matches: [{path: {value: /a//b}}]\n${BACKEND}`),
    problem:
      'f:7:23: spec.rules[0].matches[0].path.value: a path of type Exact or PathPrefix must not have "//", "/./" or "/../"',
  },
  {
    mistake: 'a path type that does not exist',
    text: http(`matches: [{path: {type: Prefix, value: /cart}}]\n${BACKEND}`),
    problem:
      'f:7:23: spec.rules[0].matches[0].path.type: expected one of Exact, PathPrefix, RegularExpression, got "Prefix"',
  },
  {
    mistake: 'a regular expression that does not compile',
    text: http(`matches: [{path: {type: RegularExpression, value: '/v[0-9'}}]\n${BACKEND}`),
    problem:
      'f:7:48: spec.rules[0].matches[0].path.value: is no regular expression of RE2: missing closing ]: `[0-9` (see https://github.com/google/re2/wiki/Syntax; there are no look-arounds and back-references)',
  },
  {
    mistake: 'a regular expression that needs exponential time',
    text: http(`matches: [{headers: [{type: RegularExpression, name: a, value: '(?=x)y'}]}]\n${BACKEND}`),
    problem:
      'f:7:61: spec.rules[0].matches[0].headers[0].value: is no regular expression of RE2: invalid or unsupported Perl syntax: `(?=` (see https://github.com/google/re2/wiki/Syntax; there are no look-arounds and back-references)',
  },
  {
    mistake: 'a method in lower case',
    text: http(`matches: [{method: get}]\n${BACKEND}`),
    problem:
      'f:7:16: spec.rules[0].matches[0].method: expected one of GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH, got "get" (did you mean GET?)',
  },
  {
    mistake: 'one header twice in a match',
    text: http(`matches: [{headers: [{name: a, value: b}, {name: a, value: c}]}]\n${BACKEND}`),
    problem:
      'f:7:48: spec.rules[0].matches[0].headers[1].name: name "a" is given by spec.rules[0].matches[0].headers[0] already',
  },
  {
    mistake: 'a header name with a space',
    text: http(`matches: [{headers: [{name: a b, value: c}]}]\n${BACKEND}`),
    problem:
      'f:7:27: spec.rules[0].matches[0].headers[0].name: expected the name of a header, at most 256 characters, got "a b"',
  },
  {
    mistake: 'a filter without its field',
    text: http(`filters: [{type: URLRewrite}]\n${BACKEND}`),
    problem: 'f:7:15: spec.rules[0].filters[0].urlRewrite: is needed with type URLRewrite',
  },
  {
    mistake: 'a filter with the field of another',
    text: http(`filters: [{type: URLRewrite, urlRewrite: {hostname: a}, cors: {allowOrigins: ['*']}}]\n${BACKEND}`),
    problem: 'f:7:61: spec.rules[0].filters[0].cors: goes with type CORS only',
  },
  {
    mistake: 'a filter that is repeated',
    text: http(
      `filters:\n- {type: RequestHeaderModifier, requestHeaderModifier: {remove: [a]}}\n- {type: RequestHeaderModifier, requestHeaderModifier: {remove: [b]}}\n${BACKEND}`,
    ),
    problem: 'f:7:5: spec.rules[0].filters: there may be one filter of type RequestHeaderModifier',
  },
  {
    mistake: 'redirect and rewrite together',
    text: http(
      `filters:\n- {type: RequestRedirect, requestRedirect: {hostname: a.example}}\n- {type: URLRewrite, urlRewrite: {hostname: b.example}}`,
    ),
    problem: 'f:7:5: spec.rules[0].filters: there may be a RequestRedirect or a URLRewrite, not both',
  },
  {
    mistake: 'redirect and backends together',
    text: http(`filters: [{type: RequestRedirect, requestRedirect: {hostname: a.example}}]\n${BACKEND}`),
    problem:
      'f:8:5: spec.rules[0].backendRefs: a rule that redirects sends nothing to a backend: remove them, or the RequestRedirect',
  },
  {
    mistake: 'a status that is no redirect',
    text: http(`filters: [{type: RequestRedirect, requestRedirect: {hostname: a.example, statusCode: 200}}]`),
    problem:
      'f:7:78: spec.rules[0].filters[0].requestRedirect.statusCode: expected one of 301, 302, 303, 307, 308, got 200',
  },
  {
    mistake: 'replacePrefixMatch with an exact path',
    text: http(
      `matches: [{path: {type: Exact, value: /a}}]\nfilters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}]\n${BACKEND}`,
    ),
    problem:
      'f:7:5: spec.rules[0].matches: a rule with replacePrefixMatch has exactly one match, and that is a PathPrefix',
  },
  {
    mistake: 'a new path that would break the request line',
    text: http(
      `filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /a b}}}]\n${BACKEND}`,
    ),
    problem:
      'f:7:77: spec.rules[0].filters[0].urlRewrite.path.replaceFullPath: has characters that no path has (write spaces, "#" and what is not ASCII as %XX)',
  },
  {
    mistake: 'a change of Host by a header filter',
    text: http(
      `filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: Host, value: a.example}]}}]\n${BACKEND}`,
    ),
    problem:
      'f:7:76: spec.rules[0].filters[0].requestHeaderModifier.set[0].name: Host is not for a route to change (use urlRewrite.hostname)',
  },
  {
    mistake: 'a change of how the message ends',
    text: http(
      `filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {remove: [Transfer-Encoding]}}]\n${BACKEND}`,
    ),
    problem:
      'f:7:80: spec.rules[0].filters[0].responseHeaderModifier.remove[0]: Transfer-Encoding is not for a route to change (leave it out)',
  },
  {
    mistake: 'a filter of another maker',
    text: http(`filters: [{type: ExtensionRef, extensionRef: {group: example.org, kind: Wasm, name: w}}]\n${BACKEND}`),
    problem:
      'f:7:36: spec.rules[0].filters[0].extensionRef: there are no filters by extensionRef (use a filter of the Gateway API, or a policy of heddle.dev)',
  },
  {
    mistake: 'a filter that does not exist yet',
    text: http(`filters: [{type: ExternalAuth, externalAuth: {protocol: HTTP}}]\n${BACKEND}`),
    problem: 'f:7:16: spec.rules[0].filters[0].type: there is no filter ExternalAuth yet (let the backend decide)',
  },
  {
    mistake: 'an origin without scheme',
    text: http(`filters: [{type: CORS, cors: {allowOrigins: [shop.example]}}]\n${BACKEND}`),
    problem:
      'f:7:50: spec.rules[0].filters[0].cors.allowOrigins[0]: expected an origin such as https://shop.example, https://*.example or *, got "shop.example"',
  },
  {
    mistake: 'every origin and one more',
    text: http(`filters: [{type: CORS, cors: {allowOrigins: ['*', https://shop.example]}}]\n${BACKEND}`),
    problem: 'f:7:35: spec.rules[0].filters[0].cors.allowOrigins: "*" stands for all: remove the other origins',
  },
  {
    mistake: 'a mirror by percent and by fraction',
    text: http(
      `filters: [{type: RequestMirror, requestMirror: {backendRef: {name: web-svc, port: 9090}, percent: 1, fraction: {numerator: 1}}}]\n${BACKEND}`,
    ),
    problem: 'f:7:37: spec.rules[0].filters[0].requestMirror: expected percent or fraction, not both',
  },
  {
    mistake: 'more than all',
    text: http(
      `filters: [{type: RequestMirror, requestMirror: {backendRef: {name: web-svc, port: 9090}, fraction: {numerator: 3, denominator: 2}}}]\n${BACKEND}`,
    ),
    problem: 'f:7:105: spec.rules[0].filters[0].requestMirror.fraction.numerator: is more than the denominator',
  },
  {
    mistake: 'a duration without unit',
    text: http(`timeouts: {request: 10}\n${BACKEND}`),
    problem:
      'f:7:16: spec.rules[0].timeouts.request: expected a duration such as 250ms, 10s or 1h30m, got 10 (write it in quotes)',
  },
  {
    mistake: 'a try that may take longer than the whole',
    text: http(`timeouts: {request: 1s, backendRequest: 2s}\n${BACKEND}`),
    problem: 'f:7:29: spec.rules[0].timeouts.backendRequest: is longer than request, which would always end first',
  },
  {
    mistake: 'a timeout of months',
    text: http(`timeouts: {request: 9999h}\n${BACKEND}`),
    problem: 'f:7:16: spec.rules[0].timeouts.request: 9999h is longer than 1193h (leave it out for no limit)',
  },
  {
    mistake: 'a retry of what did not fail',
    text: http(`retry: {codes: [200], attempts: 2}\n${BACKEND}`),
    problem: 'f:7:21: spec.rules[0].retry.codes[0]: expected a whole number from 400 to 599, got 200',
  },
  {
    mistake: 'a permanent cookie without end',
    text: http(`sessionPersistence: {sessionName: s, cookieConfig: {lifetimeType: Permanent}}\n${BACKEND}`),
    problem: 'f:7:5: spec.rules[0].sessionPersistence.absoluteTimeout: is needed with lifetimeType Permanent',
  },
  {
    mistake: 'two rules of one name',
    text: `${http(`name: a\n${BACKEND}`)}\n  - name: a\n    backendRefs: [{name: web-svc, port: 9090}]`,
    problem: 'f:9:5: spec.rules[1].name: name "a" is given by spec.rules[0] already',
  },
  {
    mistake: 'a gRPC method match that says nothing',
    text: grpc(`matches: [{method: {type: Exact}}]\n${BACKEND}`),
    problem: 'f:7:16: spec.rules[0].matches[0].method: expected service, method or both',
  },
  {
    mistake: 'a gRPC service written as a path',
    text: grpc(`matches: [{method: {service: /shop.Cart}}]\n${BACKEND}`),
    problem:
      'f:7:25: spec.rules[0].matches[0].method.service: expected a service with its package, such as shop.v1.Cart',
  },
  {
    mistake: 'a redirect of gRPC',
    text: grpc(`filters: [{type: RequestRedirect}]\n${BACKEND}`),
    problem:
      'f:7:16: spec.rules[0].filters[0].type: expected one of RequestHeaderModifier, ResponseHeaderModifier, RequestMirror, ExtensionRef, got "RequestRedirect"',
  },
  {
    mistake: 'a TLSRoute without server name',
    text: route('TLSRoute', `${PARENT}\nrules: [{${BACKEND}}]`),
    problem: 'f:4:1: spec.hostnames: is missing',
  },
  {
    mistake: 'a server name that is an address',
    text: route('TLSRoute', `${PARENT}\nhostnames: [10.0.0.1]\nrules: [{${BACKEND}}]`),
    problem: 'f:6:3: spec.hostnames: a server name is no IP address (RFC 6066)',
  },
  {
    mistake: 'a TCPRoute with two rules',
    text: route('TCPRoute', `${PARENT}\nrules: [{${BACKEND}}, {${BACKEND}}]`),
    problem: 'f:6:3: spec.rules: expected a list of exactly one rule, got a list of 2',
  },
  {
    mistake: 'a grant to nobody',
    text: route('ReferenceGrant', 'from: []\nto: [{group: "", kind: Service}]'),
    problem: 'f:5:3: spec.from: expected a list of at least 1 and at most 16, got an empty list',
  },
]

const ROUTE_WARNINGS: readonly Mistake[] = [
  {
    mistake: 'a parent that is missing',
    text: http(BACKEND).replace('name: web-svc}]', 'name: web}]'),
    problem:
      'f:5:43: warning: spec.parentRefs[0].name: there is no Service shop/web; the route is not in force there (there is old-svc, web-svc)',
  },
  {
    mistake: 'a port of its parent that is missing',
    text: http(BACKEND).replace('name: web-svc}]', 'name: web-svc, port: 81}]'),
    problem:
      'f:5:58: warning: spec.parentRefs[0].port: Service shop/web-svc has no TCP port 81; it has 80 (http), 9090 (grpc); the route is not in force there',
  },
  {
    mistake: 'a section of its parent that is missing',
    text: http(BACKEND).replace('name: web-svc}]', 'name: web-svc, sectionName: https}]'),
    problem:
      'f:5:58: warning: spec.parentRefs[0].sectionName: Service shop/web-svc has no TCP port named https; it has 80 (http), 9090 (grpc); the route is not in force there',
  },
  {
    mistake: 'a parent whose clients go past the mesh',
    text: http(BACKEND).replace('name: web-svc}]', 'name: old-svc}]'),
    problem:
      'f:5:43: warning: spec.parentRefs[0].name: Service shop/old-svc is an ExternalName, whose clients go past the mesh; the route is not in force there',
  },
  {
    mistake: 'a gateway as parent',
    text: http(BACKEND).replace('group: "", kind: Service, name: web-svc', 'name: front'),
    problem:
      'f:5:16: warning: spec.parentRefs[0]: has no effect: there are no gateways yet, so no Gateway (for the requests of a Service write group: "" and kind: Service)',
  },
  {
    mistake: 'no parent',
    text: route('HTTPRoute', `rules: [{${BACKEND}}]`),
    problem:
      'f:4:1: warning: spec: there are no parentRefs, so the route is attached to nothing (name a Service in them)',
  },
  {
    mistake: 'host names at a Service',
    text: route('HTTPRoute', `${PARENT}\nhostnames: [shop.example]\nrules: [{${BACKEND}}]`),
    problem: 'f:6:3: warning: spec.hostnames: has no effect: the requests of a Service are for its own name',
  },
  {
    mistake: 'a backend that is missing',
    text: http(`backendRefs: [{name: web-sv, port: 80}]`),
    problem:
      'f:7:20: warning: spec.rules[0].backendRefs[0].name: there is no Service shop/web-sv; its share of the requests is answered with 500 (did you mean web-svc?)',
  },
  {
    mistake: 'a port of a backend that is missing',
    text: http(`backendRefs: [{name: web-svc, port: 8080}]`),
    problem:
      'f:7:35: warning: spec.rules[0].backendRefs[0].port: Service shop/web-svc has no TCP port 8080; it has 80 (http), 9090 (grpc); its share of the requests is answered with 500',
  },
  {
    mistake: 'a backend of another namespace without grant',
    text: http(`backendRefs: [{name: vault-svc, namespace: bank, port: 80}]`),
    problem:
      'f:7:37: warning: spec.rules[0].backendRefs[0].namespace: no ReferenceGrant in namespace bank lets routes of kind HTTPRoute in namespace shop refer to Service bank/vault-svc; its share of the requests is answered with 500 (add a ReferenceGrant in namespace bank, or use a Service of namespace shop)',
  },
  {
    mistake: 'a backend without endpoints',
    text: http(`backendRefs: [{name: old-svc, port: 80}]`),
    problem:
      'f:7:20: warning: spec.rules[0].backendRefs[0].name: Service shop/old-svc is an ExternalName, which has no endpoints; its share of the requests is answered with 500',
  },
  {
    mistake: 'a mirror that leads nowhere',
    text: http(`filters: [{type: RequestMirror, requestMirror: {backendRef: {name: nobody, port: 80}}}]\n${BACKEND}`),
    problem:
      'f:7:66: warning: spec.rules[0].filters[0].requestMirror.backendRef.name: there is no Service shop/nobody; nothing is mirrored (there is old-svc, web-svc)',
  },
  {
    mistake: 'a mirror to where the requests go anyway',
    text: http(`filters: [{type: RequestMirror, requestMirror: {backendRef: {name: web-svc, port: 80}}}]\n${BACKEND}`),
    problem:
      'f:7:53: warning: spec.rules[0].filters[0].requestMirror.backendRef: mirrors to Service shop/web-svc, which gets the requests of this rule anyway',
  },
  {
    mistake: 'weights that are all 0',
    text: http(`backendRefs: [{name: web-svc, port: 80, weight: 0}, {name: web-svc, port: 9090, weight: 0}]`),
    problem: 'f:7:5: warning: spec.rules[0].backendRefs: every weight is 0: what it matches is answered with an error',
  },
  {
    mistake: 'a rule that leads nowhere',
    text: http(`matches: [{path: {value: /cart}}]`),
    problem:
      'f:7:5: warning: spec.rules[0]: there are no backendRefs: what it matches is answered with an error (name a Service in them)',
  },
  {
    mistake: 'a redirect to itself',
    text: http(`filters: [{type: RequestRedirect, requestRedirect: {statusCode: 301}}]`),
    problem:
      'f:7:39: warning: spec.rules[0].filters[0].requestRedirect: redirects each request to itself, without end (set at least one of scheme, hostname, port and path)',
  },
  {
    mistake: 'a redirect that goes round',
    text: http(
      `matches: [{path: {value: /old}}]\nfilters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /old/page}}}]`,
    ),
    problem:
      'f:8:57: warning: spec.rules[0].filters[0].requestRedirect.path: leads to a path that the same rule redirects again (let the match leave that path out)',
  },
  {
    mistake: 'a header that is named twice in different case',
    text: http(`matches: [{headers: [{name: A, value: b}, {name: a, value: c}]}]\n${BACKEND}`),
    problem:
      'f:7:48: warning: spec.rules[0].matches[0].headers[1].name: has no effect: a is the same header as A, which comes before it',
  },
  {
    mistake: 'a filter that does nothing',
    text: http(`filters: [{type: URLRewrite, urlRewrite: {}}]\n${BACKEND}`),
    problem: 'f:7:34: warning: spec.rules[0].filters[0].urlRewrite: has no effect: it says nothing',
  },
  {
    mistake: 'CORS for nobody',
    text: http(`filters: [{type: CORS, cors: {allowMethods: [GET]}}]\n${BACKEND}`),
    problem: 'f:7:28: warning: spec.rules[0].filters[0].cors: has no effect: it says nothing',
  },
  {
    mistake: 'two rules with one match',
    text:
      http(`matches: [{path: {value: /a}}]\n${BACKEND}`) +
      '\n  - matches: [{path: {value: /a/}}]\n    backendRefs: [{name: web-svc, port: 9090}]',
    problem:
      'f:9:15: warning: spec.rules[1].matches[0]: never wins: spec.rules[0] has the same match and goes first (remove one of them, or let one match more closely)',
  },
  {
    mistake: 'two routes with one match',
    text: documents(http(BACKEND), http(BACKEND, 'zweit')),
    problem:
      'f:15:5: warning: spec.rules[0].matches[0]: never wins: spec.rules[0] of HTTPRoute shop/to-web at f:1 has the same match and goes first (remove one of them, or let one match more closely)',
  },
  {
    mistake: 'a route of a less specific kind at one port',
    text: documents(grpc(BACKEND), http(BACKEND)),
    problem:
      'f:13:16: warning: spec.parentRefs[0]: GRPCRoute shop/to-web is attached to Service shop/web-svc as well; of two kinds of routes at one port GRPCRoute goes before HTTPRoute; the route is not in force there',
  },
  {
    mistake: 'two TCPRoutes at one port',
    text: documents(
      http(BACKEND).replace('HTTPRoute', 'TCPRoute'),
      http(BACKEND, 'zweit').replace('HTTPRoute', 'TCPRoute'),
    ),
    problem:
      'f:15:5: warning: spec.rules[0]: never wins: spec.rules[0] of TCPRoute shop/to-web at f:1 has the same match and goes first (remove one of them, or let one match more closely)',
  },
  {
    mistake: 'gateways by default',
    text: route('HTTPRoute', `${PARENT}\nuseDefaultGateways: All\nrules: [{${BACKEND}}]`),
    problem: 'f:6:3: warning: spec.useDefaultGateways: "All" has no effect: there are no gateways yet',
  },
  {
    mistake: 'a grant for what the mesh never does',
    text: route(
      'ReferenceGrant',
      'from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: bank}]\nto: [{group: "", kind: Service}]',
    ),
    problem:
      'f:5:10: warning: spec.from[0]: has no effect: no Gateway in group "gateway.networking.k8s.io" refers to anything here',
  },
]

describe.each([
  { what: 'a route is refused for', mistakes: ROUTE_ERRORS },
  { what: 'a route is warned of', mistakes: ROUTE_WARNINGS },
])('$what', ({ what, mistakes }) => {
  test.each(mistakes)('$mistake', ({ text, problem }) => {
    expect(mistakesIn(text)).toEqual([problem])
    expect(problem.includes(': warning: ')).toBe(what.includes('warned'))
  })
})
