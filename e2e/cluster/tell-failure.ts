import type { TestContext } from 'vitest'
import type { Cluster } from './cluster.ts'

const QUESTIONS = [
  ['get', 'pods', '--all-namespaces', '--output=wide'],
  ['get', 'events', '--all-namespaces', '--sort-by=.lastTimestamp'],
  [
    'logs',
    '--namespace=heddle',
    '--selector=app.kubernetes.io/part-of=heddle',
    '--prefix',
    '--tail=60',
    '--timestamps',
  ],
] as const
const LAST_LINES = 80

/** To be called after each test: prints what a cluster looks like where the test failed, before the cluster is ended. */
export async function tellFailure(cluster: Cluster, { task }: Pick<TestContext, 'task'>): Promise<void> {
  if (task.result?.state !== 'fail') return
  for (const question of QUESTIONS) {
    const { stdout, stderr } = await cluster.tryKubectl(question)
    const lines = `${stdout}${stderr}`.split('\n').slice(-LAST_LINES)
    process.stderr.write(`kubectl ${question.join(' ')}\n${lines.join('\n')}\n`)
  }
}
