import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'

/** What came of looking for a program. */
export type Search =
  | { readonly kind: 'found'; readonly file: string }
  /** There is a file of that name, but it may not be executed, or it is a folder. */
  | { readonly kind: 'not executable'; readonly file: string }
  | { readonly kind: 'not found' }

/** Looks for a program as a shell would: a name with a slash from `cwd`, any other in `path`. */
export function searchProgram(name: string, path: string, cwd: string): Search {
  let result: Search = { kind: 'not found' }
  for (const file of candidates(name, path, cwd)) {
    const search = judge(file)
    if (search.kind === 'found') return search
    if (result.kind === 'not found') result = search
  }
  return result
}

/**
 * Finds a program as {@link searchProgram} does.
 *
 * @returns its path, or `undefined`
 */
export function findExecutable(name: string, path: string, cwd: string): string | undefined {
  const search = searchProgram(name, path, cwd)
  return search.kind === 'found' ? search.file : undefined
}

function candidates(name: string, path: string, cwd: string): readonly string[] {
  if (name === '') return []
  if (name.includes('/')) return [resolve(cwd, name)]
  const directories = path.split(delimiter).filter((directory) => directory !== '')
  return directories.map((directory) => resolve(cwd, directory, name))
}

function judge(file: string): Search {
  if (!existsSync(file)) return { kind: 'not found' }
  try {
    accessSync(file, constants.X_OK)
    return { kind: statSync(file).isFile() ? 'found' : 'not executable', file }
  } catch {
    return { kind: 'not executable', file }
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
