import { resolve } from 'node:path'

const APPS = resolve(import.meta.dirname, '../apps')

/** One Service `echo` of `replicas` instances, without anybody who talks to it. */
export function echoManifests(replicas: number): string {
  return `apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: echo, namespace: shop }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: load, namespace: shop }
---
apiVersion: v1
kind: Service
metadata: { name: echo-svc, namespace: shop }
spec:
  selector: { app: echo }
  ports: [{ name: http, port: 80, targetPort: http }]
---
${echoWorkload(replicas, 'first')}`
}

/** @param generation - a changed one makes `heddle up` replace the instances one by one */
export function echoWorkload(replicas: number, generation: string): string {
  return `apiVersion: heddle.dev/v1alpha1
kind: Workload
metadata: { name: echo, namespace: shop, labels: { app: echo } }
spec:
  serviceAccount: echo
  replicas: ${replicas}
  command: [${process.execPath}, ${APPS}/echo.ts]
  ports: [{ name: http, port: 8080 }]
  env:
    - { name: GENERATION, value: ${generation} }
    - { name: NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
    - { name: PORT, valueFrom: { portRef: { name: http } } }
    - { name: BIND_ADDRESS, valueFrom: { fieldRef: { fieldPath: status.address } } }
  healthCheck: { httpGet: { path: /, port: http }, periodSeconds: 1 }
`
}

/** Manifests of a mesh: `replicas` of `echo`, and `load` that asks them without pause and counts in `load.json`. */
export function echoUnderLoad(replicas: number): (file: (name: string) => string) => Readonly<Record<string, string>> {
  return (file) => ({
    'echo.yaml': echoManifests(replicas),
    'load.yaml': loadWorkload({ resultFile: file('load.json') }),
  })
}

export interface LoadOptions {
  readonly resultFile: string
  readonly concurrency?: number
  readonly path?: string
}

/** A Workload that sends requests to `echo-svc` without pause; its counts are in `resultFile`. */
export function loadWorkload(options: LoadOptions): string {
  return `apiVersion: heddle.dev/v1alpha1
kind: Workload
metadata: { name: load, namespace: shop, labels: { app: load } }
spec:
  serviceAccount: load
  command: [${process.execPath}, ${APPS}/load.ts]
  env:
    - { name: TARGET, valueFrom: { serviceRef: { name: echo-svc, port: 80 } } }
    - { name: TARGET_PATH, value: "${options.path ?? '/'}" }
    - { name: CONCURRENCY, value: "${options.concurrency ?? 4}" }
    - { name: RESULT_FILE, value: ${options.resultFile} }
`
}
