import { backendPolicySchema } from './backend-policy-schema.ts'
import { faultPolicySchema } from './fault-policy-schema.ts'
import { renderTable } from './field-table.ts'
import { trafficPolicySchema } from './traffic-policy-schema.ts'

const TABLE = { brief: ['metadata'], omit: ['status'] } as const

const ATTACHED = `A policy is attached by \`targetRefs\` to objects of its own namespace. One for a section (a port of a Service, a rule of a route) goes before one
for the whole. Of two policies of this kind for the very same target the older counts (\`metadata.creationTimestamp\`), then the first
by name; the other one has \`Conflicted\` in its status, and \`heddle validate\` warns. Durations are written as in the Gateway API: \`250ms\`, \`1h30m\`.

Fields with * are needed.`

/** The page `docs/reference/backend-policy.md`. */
export function renderBackendPolicyPage(): string {
  return `# BackendPolicy

\`heddle.dev/v1alpha1\`. ${backendPolicySchema.description} Each client's proxy does so by itself.

\`\`\`yaml
apiVersion: heddle.dev/v1alpha1
kind: BackendPolicy
metadata: {name: voting, namespace: emojivote}
spec:
  targetRefs: [{kind: Service, name: voting-svc}]
  balancer: {type: LeastRequest}
  outlierDetection: {consecutiveFailures: 5, baseEjection: 30s}
  locality: {mode: PreferClose}
  retryBudget: {percent: 20}
\`\`\`

${ATTACHED}

${renderTable(backendPolicySchema, TABLE)}
`
}

/** The page `docs/reference/traffic-policy.md`. */
export function renderTrafficPolicyPage(): string {
  return `# TrafficPolicy

\`heddle.dev/v1alpha1\`. ${trafficPolicySchema.description}

\`\`\`yaml
apiVersion: heddle.dev/v1alpha1
kind: TrafficPolicy
metadata: {name: cart, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: GRPCRoute, name: cart}]
  timeouts: {request: 5s}
  retry: {attempts: 2, conditions: [unavailable]}
  circuitBreaker: {maxRequests: 200, maxPendingRequests: 50}
  honourRetryAfter: true
\`\`\`

What the rule of a route says itself goes first; then the policy for the rule, for the route, for the port of the Service, and for the Service.

${ATTACHED}

${renderTable(trafficPolicySchema, TABLE)}
`
}

/** The page `docs/reference/fault-policy.md`. */
export function renderFaultPolicyPage(): string {
  return `# FaultPolicy

\`heddle.dev/v1alpha1\`. ${faultPolicySchema.description}

\`\`\`yaml
apiVersion: heddle.dev/v1alpha1
kind: FaultPolicy
metadata: {name: slow-voting, namespace: emojivote}
spec:
  targetRefs: [{kind: Service, name: voting-svc}]
  until: 2026-01-31T12:00:00Z        # nothing goes wrong from then on
  faults:
    - {percent: 10, delay: 400ms}
    - {fraction: {numerator: 1, denominator: 1000}, exact: true, abortStatus: 503}
\`\`\`

An end is needed, so that no fault is forgotten. A policy whose end has come may stay: a warning names it, and its status is \`Expired\`. An end more
than 30 days away is named in a warning.

${ATTACHED}

${renderTable(faultPolicySchema, TABLE)}
`
}
