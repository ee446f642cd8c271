import { spawnSync } from 'node:child_process'

/** The version that a program tells about itself; `unknown` when it tells none. */
export function readVersion(program: string, args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 5000 })
  return findVersion(`${stdout}${stderr}`)
}

/** The first thing in the text that looks like a version: `1.22.1`. */
export function findVersion(text: string): string {
  return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? 'unknown'
}
