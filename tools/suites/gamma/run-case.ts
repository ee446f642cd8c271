import { until } from '../../../e2e/harness/until.ts'
import type { CaseOutcome } from '../outcome.ts'
import { ADDRESS_OF_ECHO_V2 } from './cases.ts'
import { type Check, compareAnswer, compareShares, SHARE_REQUESTS, toAsk } from './check.ts'
import type { LocalMesh } from './local-mesh.ts'

/** As the suite has it: so many right answers in a row, and so long until then. */
const ANSWERS_IN_A_ROW = 3
const CONVERGED_WITHIN_MS = 30_000
/** Shares are drawn by lot: so often may they be off. */
const SHARE_TURNS = 10

export interface RunnableCase {
  readonly name: string
  /** YAML of the suite, as it is. */
  readonly manifests: string
  readonly checks: readonly Check[]
}

/**
 * Applies what a case brings and sends its requests until all are answered as they must be; then each once more, which must not be
 * answered otherwise any more.
 */
export async function runCase(mesh: LocalMesh, { name, manifests, checks }: RunnableCase): Promise<CaseOutcome> {
  const startMs = performance.now()
  const outcome = (detail: string) => ({ name, passed: detail === '', detail, tookMs: performance.now() - startMs })
  try {
    await mesh.apply(manifests)
    for (const check of checks) await settle(mesh, check)
    for (const check of checks) await once(mesh, check)
    return outcome('')
  } catch (error) {
    return outcome(`${reasonsOf(error)}\n${mesh.lastLines()}`)
  }
}

async function settle(mesh: LocalMesh, check: Check): Promise<void> {
  if (check.shares !== undefined) return
  let inARow = 0
  const what = `${describe(check)} is answered as it must be`
  await until(
    what,
    async () => {
      try {
        await once(mesh, check)
        inARow += 1
      } catch (error) {
        inARow = 0
        throw error
      }
      return inARow === ANSWERS_IN_A_ROW
    },
    CONVERGED_WITHIN_MS,
  )
}

/** @throws {Error} where the answer is not what it must be */
async function once(mesh: LocalMesh, check: Check): Promise<void> {
  if (check.shares !== undefined) {
    await sendShares(mesh, check, check.shares)
    return
  }
  const [answer] = await mesh.client(check).send(toAsk(withAddress(mesh, check), 1))
  const fault = answer === undefined ? 'no answer' : compareAnswer(check, answer)
  if (fault !== '') throw new Error(`${describe(check)}: ${fault}`)
}

async function sendShares(mesh: LocalMesh, check: Check, shares: NonNullable<Check['shares']>): Promise<void> {
  let fault = ''
  for (let turn = 0; turn < SHARE_TURNS; turn++) {
    fault = compareShares(shares, await mesh.client(check).send(toAsk(check, SHARE_REQUESTS)))
    if (fault === '') return
  }
  throw new Error(`${describe(check)}, ${SHARE_TURNS} times: ${fault}`)
}

function withAddress(mesh: LocalMesh, check: Check): Check {
  const { host = 'echo' } = check
  return { ...check, host: host.replace(ADDRESS_OF_ECHO_V2, mesh.addressOfEchoV2 ?? '') }
}

function describe({ name, from, protocol = 'http', host = 'echo', path = '/', headers = {} }: Check): string {
  const fields = Object.entries(headers).map(([key, value]) => ` ${key}: ${value}`)
  const asker = from === undefined ? '' : ` from the ${from}`
  return `${name === undefined ? '' : `${name}, `}${protocol}://${host}${path}${fields.join(',')}${asker}`
}

function reasonsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}\n${reasonsOf(error.cause)}`
}
