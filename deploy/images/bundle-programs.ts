import { spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The root of the checkout. */
const ROOT = resolve(import.meta.dirname, '../..')
const BUN = join(ROOT, 'node_modules/bun/bin/bun.exe')

/** A folder with programs that need nothing but their runtime. */
export interface Bundles {
  /** `control.js` and `heddle.js`, for Node. */
  readonly control: string
  /** `proxy.js` with its parts, `init.js` and `agent.js`, for Bun. */
  readonly proxy: string
  /** The demo's programs, for Node: `src/web.js`, ... */
  readonly demo: string
}

/** Beside the proxy in its image. */
const INTERCEPTION = { 'init.js': 'main-init.ts', 'agent.js': 'agent/main-agent.ts' }

/**
 * In a pod only the service account lets anybody in. The library is for what some kubeconfigs say; being part of the file it would cost
 * the control plane 17 MB although it is never run.
 */
const WITHOUT_KUBERNETES_LIBRARY = ['--external=@kubernetes/client-node']

const DEMO = ['emoji', 'voting', 'web', 'vote-bot'] as const

/**
 * Bundles every program that runs in a container, each into one file (the proxy into a few, some of which it loads only when they are
 * needed).
 *
 * @param folder - what is in it is replaced
 * @throws {Error} with what the bundler said
 */
export function bundlePrograms(folder: string): Bundles {
  const bundles: Bundles = {
    control: join(folder, 'control'),
    proxy: join(folder, 'proxy'),
    demo: join(folder, 'demo'),
  }
  for (const one of Object.values(bundles)) {
    rmSync(one, { recursive: true, force: true })
    mkdirSync(one, { recursive: true })
  }
  bundleForNode('packages/control/src/main.ts', join(bundles.control, 'control.js'), WITHOUT_KUBERNETES_LIBRARY)
  bundleForNode('packages/cli/src/main.ts', join(bundles.control, 'heddle.js'))
  // Node reads .js as modules where this says so.
  writeFileSync(join(bundles.control, 'package.json'), '{ "type": "module" }\n')
  for (const name of DEMO) bundleForNode(`packages/demo/src/${name}.ts`, join(bundles.demo, 'src', `${name}.js`))
  writeFileSync(join(bundles.demo, 'package.json'), '{ "type": "module" }\n')
  runBun([join(ROOT, 'packages/proxy/build.ts'), join(bundles.proxy, 'proxy.js')], 'the proxy')
  for (const [name, entry] of Object.entries(INTERCEPTION)) {
    build(`packages/kube/src/interception/${entry}`, join(bundles.proxy, name), ['--target=bun', '--minify'])
  }
  return bundles
}

/** Names stay as they are, so that stacks in logs say something. */
function bundleForNode(entry: string, file: string, options: readonly string[] = []): void {
  build(entry, file, ['--target=node', '--format=esm', '--minify-whitespace', '--minify-syntax', ...options])
}

function build(entry: string, file: string, options: readonly string[]): void {
  const unfinished = `${file}.${process.pid}`
  try {
    runBun(['build', join(ROOT, entry), ...options, `--outfile=${unfinished}`], entry)
    renameSync(unfinished, file)
  } finally {
    rmSync(unfinished, { force: true })
  }
}

function runBun(args: readonly string[], what: string): void {
  const { status, stdout, stderr, error } = spawnSync(BUN, args, { cwd: ROOT, encoding: 'utf8' })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${what} cannot be bundled:\n${stdout}${stderr}`)
}
