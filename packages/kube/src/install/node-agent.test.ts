import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { findNodeAgent } from './installed.ts'
import { renderNodeAgent } from './node-agent.ts'
import { readInstallValues } from './read-install-values.ts'

const valuesOf = (...settings: readonly string[]) => readInstallValues(settings.map((text) => ({ kind: 'set', text })))

const MIRROR = 'image.registry=registry.example/mirror'
const PULLED = 'image.pullSecrets=mirror'

test.each([
  { name: 'usual', installed: [], own: [] },
  // Of what it is told it has the image's; what the installation has as well is not its own.
  { name: 'own', installed: [MIRROR], own: ['image.tag=mine', PULLED, 'proxy.logLevel=warn'] },
])('renderNodeAgent() gives an agent with $name values', ({ name, installed, own }) => {
  const agent = renderNodeAgent({
    namespace: 'mesh',
    values: valuesOf(...installed, ...own),
    installed: valuesOf(...installed),
  })
  const answer = agent.map((object) => `---\n${stringify(object, { lineWidth: 0 })}`).join('')
  const outFile = join(import.meta.dirname, 'testdata', 'node-agent', `${name}-values.yaml`)
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(outFile, answer)
  expect(existsSync(outFile), 'UPDATE_GOLDEN=1 writes the file').toBe(true)
  expect(answer).toBe(readFileSync(outFile, 'utf8'))
})

test('findNodeAgent() reads what renderNodeAgent() keeps', async () => {
  const values = valuesOf(MIRROR, 'image.tag=mine')
  const status = { desiredNumberScheduled: 3, numberReady: 2 }
  const objects = renderNodeAgent({ namespace: 'mesh', values, installed: valuesOf(MIRROR) }).map((object) =>
    object.kind === 'DaemonSet' ? { ...object, status } : object,
  )
  expect(await findNodeAgent(clusterOf(objects))).toEqual({
    version: '0.1.0',
    installation: 'mesh',
    overrides: { image: { tag: 'mine' } },
    wanted: 3,
    ready: 2,
  })
})

test('findNodeAgent() knows an agent of a version that kept nothing, and that there is none', async () => {
  const objects = renderNodeAgent({ namespace: 'mesh', values: valuesOf(), installed: valuesOf() })
  const withoutConfig = objects.filter(({ kind }) => kind !== 'ConfigMap')
  expect(await findNodeAgent(clusterOf(withoutConfig))).toEqual({
    version: 'unknown',
    installation: undefined,
    overrides: {},
    wanted: 0,
    ready: 0,
  })
  expect(await findNodeAgent(clusterOf(objects.filter(({ kind }) => kind !== 'DaemonSet')))).toBeUndefined()
})

type Reader = Parameters<typeof findNodeAgent>[0]

/** A cluster that has these objects. */
function clusterOf(objects: ReturnType<typeof renderNodeAgent>): Reader {
  const get: Reader['get'] = async ({ resource, namespace, name }) =>
    objects.find(({ kind, metadata }) => {
      return kind === resource.kind && metadata.namespace === namespace && metadata.name === name
    }) as never
  return { get }
}
