import { CliError } from '../cli-error.ts'
import { describeExit, type ExitStatus } from '../process/child.ts'
import { readableLines } from '../process/readable-lines.ts'
import { nameOfProxy, type SidecarOptions } from './sidecar-options.ts'

const LAST_WORDS_MS = 50

/** @param what - that it is not: `ready` */
export function explainLateness(what: string, deadlineMs: number, options: SidecarOptions): CliError {
  return explain(`is not ${what} after ${deadlineMs / 1000} s`, options)
}

/** It has ended before it was ready. */
export async function explainExit(exit: ExitStatus, options: SidecarOptions): Promise<CliError> {
  // Its last words may still be on their way through the pipe.
  await options.clock.sleep(LAST_WORDS_MS)
  return explain(`${describeExit(exit)} before it was ready`, options)
}

/** Final: trying again with the same token would be refused again. */
export function explainRefusal(reason: string, { identity }: SidecarOptions): CliError {
  const { namespace, serviceAccount, instance } = identity
  return new CliError(`the control plane refuses the join token of ${instance}: ${reason}`, {
    hints: [
      'unless it was made reusable, a token joins one process, once; and each for a limited time',
      `make one on the host of the control plane: heddle token create -n ${namespace} -s ${serviceAccount}`,
    ],
  })
}

function explain(problem: string, options: SidecarOptions): CliError {
  const { output } = options
  const hints = [...readableLines(output.tail()), `all of its log: ${output.path}`]
  return new CliError(`${nameOfProxy(options)} ${problem}`, { hints })
}
