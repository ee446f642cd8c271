import { type MeshObject, refOf } from '@heddle/api/kinds'
import { parseManifests } from '@heddle/api/manifest'
import { formatProblem, type Problem } from '@heddle/api/manifest/problem'
import type { ObjectStore } from '../src/sources/object-store.ts'
import type { Source, SourceListener, SourceStatus } from '../src/sources/source.ts'

/** Objects of YAML, which must be without fault. */
export function parseObjects(yaml: string): readonly MeshObject[] {
  const { objects, problems } = parseManifests([{ path: 'test.yaml', text: yaml }])
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new Error(errors.map(formatProblem).join('\n'))
  return objects
}

/** A Service and the Workload behind it, of the same name, in namespace `shop`. */
export function serviceYaml(name: string, more = ''): string {
  return `---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec:
  selector: { app: ${name} }
  ports: [{ port: 80, targetPort: 8080 }]
---
apiVersion: heddle.dev/v1alpha1
kind: Workload
metadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }
spec:
  serviceAccount: ${name}
  ports: [{ name: http, port: 8080 }]
  ${more === '' ? 'command: [./serve]' : more}
`
}

/** A source whose objects the test sets. */
export class TestSource implements Source {
  problems: readonly Problem[] = []
  readonly store: ObjectStore | undefined = undefined
  #objects: readonly MeshObject[]
  #listener: SourceListener | undefined

  constructor(yaml: string) {
    this.#objects = parseObjects(yaml)
  }

  start(listener: SourceListener): Promise<void> {
    this.#listener = listener
    listener.onChange({ upserted: this.#objects, removed: [] })
    return Promise.resolve()
  }

  /** Replaces everything. */
  set(yaml: string): void {
    const before = this.#objects
    this.#objects = parseObjects(yaml)
    const present = new Set(this.#objects.map((object) => JSON.stringify(refOf(object))))
    const removed = before.map(refOf).filter((ref) => !present.has(JSON.stringify(ref)))
    this.#listener?.onChange({ upserted: this.#objects, removed })
  }

  objects(): readonly MeshObject[] {
    return this.#objects
  }

  fileOf(): undefined {
    return undefined
  }

  status(): SourceStatus {
    return { problems: this.problems, appliedMs: 1 }
  }
}
