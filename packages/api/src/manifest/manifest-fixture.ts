import { parseManifests } from './parse-manifests.ts'
import { formatProblem } from './problem.ts'

/** Problems of one file called `f`, each as a line. */
export function problemsOf(text: string): string[] {
  return parseManifests([{ path: 'f', text }]).problems.map(formatProblem)
}

/** A Workload with `spec` as its spec, in flow style; lines of `spec` begin at 5. */
export function workload(spec: string, name = 'web'): string {
  return `apiVersion: heddle.dev/v1alpha1
kind: Workload
metadata: {name: ${name}, namespace: shop, labels: {app: ${name}}}
spec:
${indent(spec)}`
}

/** A Service with `spec` as its spec; lines of `spec` begin at 5. */
export function service(spec: string, name = 'web-svc'): string {
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec:
${indent(spec)}`
}

/** A route of `kind` with `spec` as its spec; lines of `spec` begin at 5. */
export function route(kind: string, spec: string, name = 'to-web'): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: {name: ${name}, namespace: shop}
spec:
${indent(spec)}`
}

/** A policy of `kind` with `spec` as its spec; lines of `spec` begin at 5. */
export function policy(kind: string, spec: string, name = 'for-web'): string {
  return `apiVersion: heddle.dev/v1alpha1
kind: ${kind}
metadata: {name: ${name}, namespace: shop}
spec:
${indent(spec)}`
}

/** Documents of one file. */
export function documents(...texts: readonly string[]): string {
  return texts.join('\n---\n')
}

function indent(text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
}
