import { spawnSync } from 'node:child_process'

/** How a program ended. */
export interface ProgramResult {
  /** `undefined`: there is no such program. */
  readonly status: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end, with `input` on its standard input. */
export type RunProgram = (name: string, args: readonly string[], input?: string) => ProgramResult

const DEADLINE_MS = 20_000
/** Of containers whose image says no path. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Runs programs of this machine; nothing else is done meanwhile. */
export const runProgram: RunProgram = (name, args, input = '') => {
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:${PATH}` }
  const { status, signal, stdout, stderr, error } = spawnSync(name, args, {
    input,
    env,
    encoding: 'utf8',
    timeout: DEADLINE_MS,
  })
  if (error !== undefined && 'code' in error && error.code === 'ENOENT')
    return { status: undefined, stdout: '', stderr: '' }
  const why = error?.message ?? (signal === null ? '' : `ended by ${signal}`)
  return { status: status ?? 1, stdout: stdout ?? '', stderr: `${stderr ?? ''}${why}` }
}
