import type { GetAppliedResponse } from '@heddle/api/admin'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import { CliError } from '../../cli-error.ts'
import type { ControlClient } from '../../client/control-client.ts'
import type { CliDeps } from '../../command.ts'

const ASK_EVERY_MS = 250
/** A mesh of thousands should not fill the screen. */
const MAX_NAMES = 20

/** What is waited for. */
export interface AppliedQuestion {
  readonly revision: bigint
  readonly objects: readonly ObjectRef[]
  readonly timeoutMs: number
}

/**
 * Waits until every proxy concerned has applied a revision; returns what was so at last. Ends early when the command is interrupted.
 */
export async function waitApplied(
  { admin }: ControlClient,
  { revision, objects, timeoutMs }: AppliedQuestion,
  deps: Pick<CliDeps, 'clock' | 'interruption'>,
): Promise<GetAppliedResponse> {
  const { clock } = deps
  const { signal } = deps.interruption()
  const deadlineMs = clock.nowMs() + timeoutMs
  for (;;) {
    const answer = await admin.getApplied({ revision, objects: [...objects] })
    if (answer.applied >= answer.proxies || clock.nowMs() >= deadlineMs || signal.aborted) return answer
    await clock.sleep(Math.min(ASK_EVERY_MS, Math.max(1, deadlineMs - clock.nowMs())), signal)
  }
}

/** `applied on 3 of 4 proxies`, and a line for each of those behind. */
export function formatApplied({ applied, proxies, behind }: GetAppliedResponse): readonly string[] {
  if (proxies === 0) return ['applied: no proxy holds what this is about']
  const names = behind.slice(0, MAX_NAMES).map(({ namespace, instance, workload, problems }) => {
    const why = problems.length === 0 ? 'has not answered yet' : `refused it: ${problems.join('; ')}`
    return `  behind: ${namespace}/${instance} of ${workload} ${why}`
  })
  const more = behind.length - names.length
  const title = `applied on ${applied} of ${proxies} ${proxies === 1 ? 'proxy' : 'proxies'}`
  return [title, ...names, ...(more > 0 ? [`  and ${more} more`] : [])]
}

/**
 * Waits, and shows what came of it.
 *
 * @throws {CliError} when proxies are behind at the end
 */
export async function showApplied(client: ControlClient, question: AppliedQuestion, deps: CliDeps): Promise<void> {
  const answer = await waitApplied(client, question, deps)
  const lines = formatApplied(answer)
  deps.terminal.write(`${lines.join('\n')}\n`)
  if (answer.applied >= answer.proxies) return
  throw new CliError(`not every proxy has applied it`, {
    hints: ['a proxy that refused keeps what it had; one that has not answered may be overloaded: see "heddle check"'],
  })
}
