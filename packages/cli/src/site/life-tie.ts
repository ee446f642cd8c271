import { findTool } from '../process/run-tool.ts'

/**
 * The beginning of a command line that has the kernel kill the command when we die, even by SIGKILL. Only Linux can, by
 * setpriv of util-linux; elsewhere it is empty, and what is left is found by the next `heddle up`.
 */
export function lifeTie(platform: NodeJS.Platform = process.platform): readonly string[] {
  if (platform !== 'linux') return []
  const setpriv = findTool('setpriv')
  return setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--']
}
