import { existsSync, readFileSync } from 'node:fs'
import type { TestContext } from 'vitest'
import type { Cluster } from './cluster.ts'
import { coreWaits } from './core-waits.ts'
import { heddle } from './install-heddle.ts'

const LOGS = ['logs', '--prefix', '--timestamps', '--max-log-requests=20', '--ignore-errors'] as const
const QUESTIONS = [
  ['get', 'pods', '--all-namespaces', '--output=wide'],
  ['get', 'events', '--all-namespaces', '--sort-by=.lastTimestamp'],
  [...LOGS, '--namespace=heddle', '--selector=app.kubernetes.io/part-of=heddle', '--tail=60'],
] as const
const LAST_LINES = 80
/** Of the namespaces whose pods have a proxy. */
const MESHED = '--selector=heddle.dev/control-plane-ns'
const NAMESPACES = '--output=jsonpath={range .items[*]}{.metadata.namespace}{"\\n"}{end}'
const PRESSURE = '/proc/pressure/cpu'

/** To be called after each test: prints what a cluster looks like where the test failed, before the cluster is ended. */
export async function tellFailure(cluster: Cluster, { task }: Pick<TestContext, 'task'>): Promise<void> {
  if (task.result?.state !== 'fail') return
  tell('how long programs waited for a core', coreWaits(cluster.name).join('\n'))
  if (existsSync(PRESSURE)) tell(PRESSURE, readFileSync(PRESSURE, 'utf8'))
  const meshed = await cluster.tryKubectl(['get', 'pods', '--all-namespaces', MESHED, NAMESPACES])
  const logs = [...new Set(meshed.stdout.split('\n'))].filter((name) => name !== '').map(proxyLogs)
  for (const question of [...QUESTIONS, ...logs]) {
    const answer = await cluster.tryKubectl(question)
    tell(`kubectl ${question.join(' ')}`, answer.stdout + answer.stderr)
  }
  const why = await heddle(cluster, ['why', '--last-failures', '--all-namespaces', '--limit', '20'])
  tell('heddle why --last-failures', why.stdout + why.stderr)
}

function proxyLogs(namespace: string): readonly string[] {
  return [...LOGS, MESHED, `--namespace=${namespace}`, '--container=heddle-proxy', '--tail=20']
}

function tell(what: string, text: string): void {
  process.stderr.write(`${what}\n${text.split('\n').slice(-LAST_LINES).join('\n')}\n`)
}
