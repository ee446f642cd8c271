import { toolsContainer } from './objects.ts'

export const ENABLED = { 'heddle.dev/inject': 'enabled' }
export const BY_AGENT = { 'heddle.dev/interception': 'node-agent' }
export const CLASSIC = { 'heddle.dev/proxy-mode': 'classic' }
/** Asks once, and fails where there is no answer. */
export const ASK = ['/usr/bin/curl', '--silent', '--show-error', '--fail', '--max-time', '10', 'http://echo/first']

/** A container that asks, in a pod that a test waits for. */
export const curl = (name = 'main') => ({ ...toolsContainer(name), command: ASK })

/** `workload` whose pods have these annotations. */
export function withAnnotations<T extends object>(workload: T, annotations: Readonly<Record<string, string>>): T {
  const copy = structuredClone(workload) as { spec: { template: { metadata?: object } } }
  copy.spec.template.metadata = { ...copy.spec.template.metadata, annotations }
  return copy as unknown as T
}

/** A Job that tries once. */
export function job(name: string, podSpec: object, annotations: Readonly<Record<string, string>> = {}): object {
  const template = { metadata: { annotations }, spec: { restartPolicy: 'Never', ...podSpec } }
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { backoffLimit: 0, template } }
}

/** Serves on for three seconds after it was told to end, and then asks once more. */
export function slowLeaver(): Readonly<Record<string, unknown>> {
  const last = 'curl --silent --output /dev/null --write-out "last words: %{http_code}" http://echo/last'
  const script = [
    '/echo serve :9090 &',
    `leave() { sleep 3; ${last}; exit 0; }`,
    'trap leave TERM',
    'while :; do sleep 1; done',
  ]
  const app = { ...toolsContainer('app'), command: ['/bin/sh', '-c', script.join('\n')] }
  return { terminationGracePeriodSeconds: 30, containers: [app] }
}

/** Listens when it is told. */
export function lateListener(probe: object): Readonly<Record<string, unknown>> {
  const script = 'while [ ! -e /tmp/listen ]; do sleep 0.2; done; exec /echo serve :8080'
  return {
    ...toolsContainer('app'),
    command: ['/bin/sh', '-c', script],
    ports: [{ name: 'app', containerPort: 8080 }],
    readinessProbe: { ...probe, periodSeconds: 1 },
  }
}
