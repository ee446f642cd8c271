import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import type { ClusterPlan } from './cluster-plan.ts'

const ASK_DEADLINE_MS = 2_000

/** Whether the API server says that it is ready. Asked often, which `kubectl` is too slow for. */
export function isReady({ server, pki }: ClusterPlan): Promise<boolean> {
  const [ca, cert, key] = ['ca.crt', 'admin.crt', 'admin.key'].map((name) => readFileSync(join(pki, name)))
  return new Promise((resolve) => {
    const asked = request(`${server}/readyz`, { ca, cert, key, timeout: ASK_DEADLINE_MS, agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => resolve(false))
    asked.end()
  })
}
