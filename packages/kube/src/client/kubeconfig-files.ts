import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { findHome } from '@heddle/base/find-home'

type Env = Readonly<Record<string, string | undefined>>

/** The files that a kubeconfig is joined of: those that exist, or the one that was named. */
export function kubeconfigFiles(named: string | undefined, env: Env): readonly string[] {
  if (named !== undefined) return [named]
  const listed = (env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '')
  const files = listed.length > 0 ? listed : [join(findHome(env), '.kube', 'config')]
  return files.filter((path) => existsSync(path))
}
