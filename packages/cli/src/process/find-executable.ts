import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'

/**
 * Finds a program as a shell would: a name with a slash from `cwd`, any other in `path`.
 *
 * @returns its path, or `undefined`
 */
export function findExecutable(name: string, path: string, cwd: string): string | undefined {
  if (name.includes('/')) return asExecutable(resolve(cwd, name))
  for (const directory of path.split(delimiter)) {
    const found =
      directory === ''
        ? undefined
        : asExecutable(join(isAbsolute(directory) ? directory : resolve(cwd, directory), name))
    if (found !== undefined) return found
  }
  return undefined
}

function asExecutable(file: string): string | undefined {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile() ? file : undefined
  } catch {
    return undefined
  }
}

/**
 * The search path of an application: as with `npm run`, programs of the npm packages around its directory come first,
 * so that a project gets the versions that it has pinned.
 */
export function applicationPath(directory: string, path: string): string {
  const folders: string[] = []
  for (let at = resolve(directory); ; at = dirname(at)) {
    folders.push(join(at, 'node_modules', '.bin'))
    if (at === dirname(at)) break
  }
  return [...folders.filter(isDirectory), path].join(delimiter)
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
