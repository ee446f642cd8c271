import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import type { Finished } from '../harness/process.ts'
import { type Cluster, type KubectlOptions, openCluster } from './cluster.ts'
import { fetchPrograms } from './programs.ts'

/** A namespace of one test. Commands run in it. */
export interface TestNamespace {
  readonly name: string
  readonly cluster: Cluster
  /** See {@link Cluster.kubectl}. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<string>
  /** See {@link Cluster.tryKubectl}. */
  tryKubectl(args: readonly string[], options?: KubectlOptions): Promise<Finished>
  /** `kubectl apply` of objects or YAML. */
  apply(objects: string | object | readonly object[]): Promise<void>
  /** Waits until a Deployment, StatefulSet or DaemonSet (`deployment/web`) is rolled out. */
  untilRolledOut(workload: string): Promise<void>
  /** `kubectl wait --for=CONDITION`, such as `condition=Ready`. */
  untilTrue(condition: string, object: string): Promise<void>
  /** Runs a command in a pod (`deployment/client`, `pod/x`), of several containers in the first. */
  exec(target: string, command: readonly string[]): Promise<string>
}

/** What the namespace itself is to carry. */
export interface NamespaceMetadata {
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

const WAIT = '--timeout=100s'
/** Later than the command gives up by itself, so that it says why. */
const WAIT_MS = 110_000
const EVENTS_SHOWN = 25

/** The cluster that the tests of this run share. */
export const cluster = openCluster(inject('clusterName'), await fetchPrograms())

/**
 * Runs a test in a namespace of its own, which goes afterwards. Where the test fails, its error says how the pods were.
 *
 * @param body - of the test
 */
export async function withNamespace(
  body: (namespace: TestNamespace) => Promise<void>,
  metadata: NamespaceMetadata = {},
): Promise<void> {
  const name = `t-${randomBytes(4).toString('hex')}`
  await cluster.kubectl(['create', '-f', '-'], {
    input: { apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...metadata } },
  })
  const namespace = testNamespace(name)
  try {
    await namespaceReady(namespace)
    await body(namespace)
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${await describe(namespace)}`, { cause: error })
  } finally {
    await cluster.kubectl(['delete', 'namespace', name, '--wait=false'])
  }
}

function testNamespace(name: string): TestNamespace {
  const within = ['--namespace', name]
  const kubectl: TestNamespace['kubectl'] = (args, options) => cluster.kubectl([...within, ...args], options)
  return {
    name,
    cluster,
    kubectl,
    tryKubectl: (args, options) => cluster.tryKubectl([...within, ...args], options),
    apply: async (objects) => void (await kubectl(['apply', '-f', '-'], { input: objects })),
    untilRolledOut: async (workload) =>
      void (await kubectl(['rollout', 'status', WAIT, workload], { deadlineMs: WAIT_MS })),
    untilTrue: async (condition, object) =>
      void (await kubectl(['wait', WAIT, `--for=${condition}`, object], { deadlineMs: WAIT_MS })),
    exec: (target, command) => kubectl(['exec', target, '--', ...command]),
  }
}

/** Pods are refused until the controllers have given the namespace its service account. */
async function namespaceReady({ kubectl }: TestNamespace): Promise<void> {
  const objects = ['serviceaccount/default', 'configmap/kube-root-ca.crt']
  await kubectl(['wait', WAIT, '--for=create', ...objects], { deadlineMs: WAIT_MS })
}

async function describe({ tryKubectl }: TestNamespace): Promise<string> {
  const pods = await tryKubectl(['get', 'pods', '--output=wide'])
  const events = await tryKubectl(['get', 'events', '--sort-by=.lastTimestamp'])
  return [pods.stdout, ...events.stdout.split('\n').slice(-EVENTS_SHOWN)].join('\n')
}
