import { spawn } from 'node:child_process'

/** One command among those that have to succeed. */
export interface Step {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
}

export interface StepResult {
  readonly name: string
  readonly succeeded: boolean
  readonly tookMs: number
  /** Standard output and error as they came. */
  readonly output: string
}

/**
 * Runs `steps`, at most `lanes` at a time, the first ones first. All of them run, whatever fails.
 *
 * @param onEnd - called as each ends
 */
export async function runSteps(
  steps: readonly Step[],
  lanes: number,
  onEnd: (result: StepResult) => void,
): Promise<readonly StepResult[]> {
  const waiting = [...steps]
  const results: StepResult[] = []
  const lane = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const result = await runStep(step)
      results.push(result)
      onEnd(result)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return results
}

function runStep({ name, command, args }: Step): Promise<StepResult> {
  return new Promise((resolve) => {
    const startMs = performance.now()
    const chunks: Buffer[] = []
    const finish = (succeeded: boolean) => {
      const output = Buffer.concat(chunks).toString()
      resolve({ name, succeeded, tookMs: performance.now() - startMs, output })
    }
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', (error) => {
      chunks.push(Buffer.from(`${command}: ${error.message}\n`))
      finish(false)
    })
    child.on('close', (status) => finish(status === 0))
  })
}
