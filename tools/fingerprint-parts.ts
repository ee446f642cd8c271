import { createHash } from 'node:crypto'
import { posix } from 'node:path'

/** The files of a tree by their path from its root. */
export type Tree = ReadonlyMap<string, Buffer>

const NO_PART = ''
const CODE = /\.(?:[cm]?[jt]s|json|sh)$/
/** What is gone when a test runs: lines of comment, and imports of types alone. */
const GONE = /^\s*(?:\/?\*|\/\/).*$|^(?:import|export) type [^;=]*? from '[^']*'$/gm
const PACKAGE = /@heddle\/([a-z]+)|packages\/([a-z]+)|\.\.\/([a-z]+)\/(?:src|test|testdata|bench|fuzz)\//g
/** In quotes, or after a `/` where the way there leads upwards. */
const ELSEWHERE = /['"`/]((?:docs|deploy|bin|tools|bench|e2e)\/[\w./-]*)/g
const BESIDE = /'(\.{1,2}\/[\w./-]+)'/g

/**
 * What the tests of each part of the tree, a package or one of `tools`, `bench` and `e2e`, may depend on, as a hash: its own files, those of
 * the packages that it names and these name in turn, but for their tests, files elsewhere whose path or folder is named, with those that they
 * import, and what lies at the root but pages. Imports of types alone do not count. A part without tests has none.
 */
export function fingerprintParts(tree: Tree): ReadonlyMap<string, string> {
  const paths = [...tree.keys()].sort()
  const lines = new Map(paths.map((path) => [path, `${path} ${hash(tree.get(path)!)}\n`]))
  const parts = Map.groupBy(paths, partOf)
  const shared = new Map([...parts].map(([part, own]) => [part, own.filter((path) => !isTest(path))]))
  const uses = new Map([...shared].map(([part, own]) => [part, usesOf(tree, own)]))
  const fingerprint = (part: string, own: readonly string[]) => {
    const direct = usesOf(tree, own)
    const others = closureOf(direct, uses).filter((one) => one !== part)
    const named = [direct, ...others.map((one) => uses.get(one)!)].flatMap(({ elsewhere }) => [...elsewhere])
    const isNamed = (path: string) => named.some((name) => path.startsWith(name))
    const inputs = new Set([...own, ...others.flatMap((one) => shared.get(one)!), ...paths.filter(isNamed)])
    for (const path of parts.get(NO_PART) ?? []) if (!path.includes('/') && !path.endsWith('.md')) inputs.add(path)
    return hash([...inputs].map((path) => lines.get(path)).join(''))
  }
  const tested = [...parts].filter(([part, own]) => part !== NO_PART && own.some(isTest))
  return new Map(tested.map(([part, own]) => [part, fingerprint(part, own)]))
}

interface Uses {
  readonly packages: ReadonlySet<string>
  readonly elsewhere: ReadonlySet<string>
}

/** What `own` names, and what code elsewhere names that it leads to. */
function usesOf(tree: Tree, own: readonly string[]): Uses {
  const packages = new Set<string>()
  const elsewhere = new Set<string>()
  const paths = new Set(own)
  for (const path of paths) {
    const text = CODE.test(path) ? (tree.get(path)?.toString().replaceAll(GONE, '') ?? '') : ''
    for (const [, scoped, rooted, beside] of text.matchAll(PACKAGE))
      packages.add(`packages/${scoped ?? rooted ?? beside}`)
    for (const [, name] of text.matchAll(ELSEWHERE)) elsewhere.add(name!)
    // Those beside a file of its own are its own as well.
    if (elsewhere.has(path))
      for (const [, name] of text.matchAll(BESIDE)) elsewhere.add(posix.join(posix.dirname(path), name!))
    // Of tests elsewhere only the text is read.
    for (const name of elsewhere) if (!isTest(name)) paths.add(name)
  }
  return { packages, elsewhere }
}

function closureOf(direct: Uses, uses: ReadonlyMap<string, Uses>): readonly string[] {
  const closure = new Set(direct.packages)
  for (const one of closure) for (const used of uses.get(one)?.packages ?? []) closure.add(used)
  return [...closure].filter((one) => uses.has(one))
}

function partOf(path: string): string {
  return /^(?:packages\/[^/]+|tools|bench|e2e)(?=\/)/.exec(path)?.[0] ?? NO_PART
}

function isTest(path: string): boolean {
  return /\.(?:test|scenario|e2e|kube)\.ts$/.test(path)
}

function hash(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex')
}
