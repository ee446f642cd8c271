import { join, resolve } from 'node:path'
import { run } from '../../e2e/harness/process.ts'

const FETCH = resolve(import.meta.dirname, 'fetch.sh')
const FETCH_DEADLINE_MS = 300_000

/**
 * Path of a program from outside, which is fetched and built first where it is not there yet; see fetch.sh.
 *
 * @param suite - what fetch.sh calls it
 * @throws {Error} with what fetch.sh said
 */
export async function fetchProgram(suite: string, program: string): Promise<string> {
  return join(await fetchFolder(suite), program)
}

/** The folder with what a suite needs from outside. @throws {Error} with what fetch.sh said */
export async function fetchFolder(suite: string, deadlineMs = FETCH_DEADLINE_MS): Promise<string> {
  const { status, stdout, stderr } = await run([FETCH, suite], { deadlineMs })
  if (status !== 0) throw new Error(`${FETCH} ${suite}: ${stderr}`)
  return stdout.trim()
}
