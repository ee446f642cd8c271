/** A manifest that both `heddle validate` and the API server are asked about; NAME stands for a name of its own. */
export interface TruthCase {
  /** In a few words; its name is made of them. */
  readonly what: string
  readonly text: string
}

export const PARENT = 'parentRefs: [{group: "", kind: Service, name: web-svc}]'
export const BACKEND = 'backendRefs: [{name: web-svc, port: 80}]'
const TARGET = 'targetRefs: [{kind: Service, name: web-svc}]'
const UNTIL = 'until: "2099-06-15T13:00:00Z"'

function manifest(type: string, spec: string): string {
  const [apiVersion, kind] = type.split(' ')
  const lines = spec.split('\n').map((line) => `  ${line}\n`)
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: NAME}\nspec:\n${lines.join('')}`
}

/** A route with one rule, in flow style. */
function route(kind: string, rule: string, rest = PARENT): string {
  const lines = rule.split('\n').map((line, i) => (i === 0 ? `- ${line}` : `  ${line}`))
  return manifest(`gateway.networking.k8s.io/v1 ${kind}`, `${rest}\nrules:\n${lines.join('\n')}`)
}

export const http = (rule: string, rest?: string) => route('HTTPRoute', rule, rest)
export const grpc = (rule: string, rest?: string) => route('GRPCRoute', rule, rest)
export const tls = (rule: string, rest = `${PARENT}\nhostnames: [a.example]`) => route('TLSRoute', rule, rest)
export const tcp = (rule: string, rest?: string) => route('TCPRoute', rule, rest)
export const filter = (text: string) => http(`filters: [${text}]\n${BACKEND}`)
export const match = (text: string) => http(`matches: [${text}]\n${BACKEND}`)
export const service = (spec: string) => manifest('v1 Service', spec)
export const workload = (spec: string) => manifest('heddle.dev/v1alpha1 Workload', spec)
export const traffic = (spec: string, target = TARGET) =>
  manifest('heddle.dev/v1alpha1 TrafficPolicy', `${target}\n${spec}`)
export const backend = (spec: string, target = TARGET) =>
  manifest('heddle.dev/v1alpha1 BackendPolicy', `${target}\n${spec}`)
export const fault = (spec: string, end = UNTIL) =>
  manifest('heddle.dev/v1alpha1 FaultPolicy', `${TARGET}\n${end}\n${spec}`)
export const grant = (spec: string) => manifest('gateway.networking.k8s.io/v1beta1 ReferenceGrant', spec)
export const named = (kind: string, rest = '') => `apiVersion: v1\nkind: ${kind}\nmetadata: {name: NAME${rest}}\n`
