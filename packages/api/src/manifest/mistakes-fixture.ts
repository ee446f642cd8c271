import { documents, route, service, workload } from './manifest-fixture.ts'
import { parseManifests } from './parse-manifests.ts'
import { formatProblem } from './problem.ts'

/** What the mistakes are made among: web-svc with ports 80 (http) and 9090 (grpc), and bank/vault-svc, which nobody was given. */
const WORLD = documents(
  service('selector: {app: web}\nports: [{name: http, port: 80, targetPort: 8080}, {name: grpc, port: 9090}]'),
  workload('command: [x]\nports: [{name: http, port: 8080}, {name: grpc, port: 9090}]'),
  service('selector: {app: web}\nports: [{port: 80, targetPort: 8080}]', 'vault-svc').replace(
    'namespace: shop',
    'namespace: bank',
  ),
  workload('command: [x]\nports: [{name: http, port: 8080}]').replace('namespace: shop', 'namespace: bank'),
  service('type: ExternalName\nexternalName: old.example', 'old-svc'),
)
/** Which the world itself is warned of. */
const OF_WORLD = 'ExternalName has no effect'

const NOW_MS = Date.parse('2026-06-15T12:00:00Z')

/** Every problem of the first file, each as a line; the world is in the second one. */
export function mistakesIn(text: string): string[] {
  const files = [
    { path: 'f', text },
    { path: 'world', text: WORLD },
  ]
  const lines = parseManifests(files, { nowMs: NOW_MS }).problems.map(formatProblem)
  return lines.filter((line) => !line.includes(OF_WORLD))
}

export const PARENT = 'parentRefs: [{group: "", kind: Service, name: web-svc}]'
export const BACKEND = 'backendRefs: [{name: web-svc, port: 80}]'

/** An HTTPRoute whose only rule has `rule` from line 7 on, in flow style. */
export function http(rule: string, name?: string): string {
  const lines = rule.split('\n').map((line, i) => (i === 0 ? `- ${line}` : `  ${line}`))
  return route('HTTPRoute', `${PARENT}\nrules:\n${lines.join('\n')}`, name)
}

export function grpc(rule: string): string {
  return http(rule).replace('HTTPRoute', 'GRPCRoute')
}

export const TARGET = 'targetRefs: [{kind: Service, name: web-svc}]'
export const UNTIL = 'until: "2026-06-15T13:00:00Z"'

/** One row of the tables of mistakes. */
export interface Mistake {
  readonly mistake: string
  readonly text: string
  /** Line and column, severity, field, reason and remedy, as a user sees them. */
  readonly problem: string
}
