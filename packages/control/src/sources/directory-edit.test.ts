import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatProblem } from '@heddle/api/manifest/problem'
import { systemClock } from '@heddle/base/clock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { directorySource } from './directory-source.ts'
import type { ObjectEdit } from './object-edit.ts'
import type { Source } from './source.ts'

const service = (name: string, port = 80) => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { selector: { app: ${name} }, ports: [{ port: ${port} }] }
`

let dir: string
let ended: AbortController
let source: Source
let changes: string[]

beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'heddle-edit-')))
  ended = new AbortController()
  changes = []
})
afterEach(async () => {
  ended.abort()
  await rm(dir, { recursive: true })
})

async function start(files: Readonly<Record<string, string>>, root = dir): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(dir, name, '..'), { recursive: true })
    await writeFile(join(dir, name), text)
  }
  source = directorySource({ path: root, clock: systemClock, debounceMs: 5, pollMs: 60_000 })
  const onChange: Parameters<Source['start']>[0]['onChange'] = ({ upserted, removed }) => {
    changes.push(`+${upserted.map(({ metadata }) => metadata.name)} -${removed.map(({ name }) => name)}`)
  }
  await source.start({ onChange, onStatus: () => undefined }, ended.signal)
  changes = []
}

/** Prepares and, without errors, commits. @returns the errors */
async function edit({ files = [], remove = [] }: Partial<ObjectEdit>): Promise<string[]> {
  const store = source.store!
  const prepared = await store.prepare({ files, remove })
  const errors = prepared.problems.filter(({ severity }) => severity === 'error').map(formatProblem)
  if (errors.length === 0) await store.commit(prepared)
  return errors.map((error) => error.replaceAll(dir, 'DIR'))
}

const read = (name: string) => readFile(join(dir, name), 'utf8')
const given = (text: string) => ({ files: [{ path: 'given.yaml', text }] })

describe('an edit of a directory', () => {
  test('writes a new object into a file of its own, with its comments, and it is in force then', async () => {
    await start({ 'all.yaml': service('web') })
    expect(await edit(given(`# why it is here\n${service('cart')}`))).toEqual([])
    expect(await read('applied/shop.service.cart.yaml')).toBe(`# why it is here\n${service('cart')}`)
    expect(changes).toEqual(['+cart -'])
    expect(source.fileOf({ kind: 'Service', namespace: 'shop', name: 'cart' })).toBe(
      join(dir, 'applied/shop.service.cart.yaml'),
    )
  })

  test('replaces an object where it is, and leaves the rest of the file alone', async () => {
    const written = (port: number) =>
      `# of all\n---\n# web\n${service('web')}---\n${service('cart', port)}--- # stock\n${service('stock')}`
    await start({ 'all.yaml': written(80) })
    expect(await edit(given(service('cart', 81)))).toEqual([])
    expect(await read('all.yaml')).toBe(written(81))
    expect(changes).toEqual(['+cart -'])
  })

  test('of a text with a byte order mark writes it without, behind others', async () => {
    await start({ 'all.yaml': `${service('cart')}---\n${service('web')}` })
    expect(await edit(given(`\uFEFF${service('web', 81)}`))).toEqual([])
    expect(await read('all.yaml')).toBe(`${service('cart')}---\n${service('web', 81)}`)
  })

  test('replaces a JSON file, and writes JSON given to it', async () => {
    const json = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }
    await start({ 'ns.json': JSON.stringify(json) })
    expect(await edit(given('apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {a: b}}'))).toEqual([])
    expect(JSON.parse(await read('ns.json'))).toEqual({ ...json, metadata: { name: 'shop', labels: { a: 'b' } } })
  })

  test('removes an object, and a file with nothing else in it', async () => {
    await start({ 'all.yaml': `${service('web')}---\n${service('cart')}`, 'stock.yaml': service('stock') })
    const remove = ['cart', 'stock'].map((name) => ({ kind: 'Service', namespace: 'shop', name }))
    expect(await edit({ remove })).toEqual([])
    expect(await read('all.yaml')).toBe(service('web'))
    expect(await readdir(dir)).toEqual(['all.yaml'])
    expect(changes).toEqual(['+ -cart,stock'])
  })

  test('writes several objects at once: the source sees one change', async () => {
    await start({ 'all.yaml': service('web') })
    expect(await edit(given(`${service('cart')}---\n${service('web', 8080)}`))).toEqual([])
    expect(changes).toEqual(['+web,cart -'])
  })

  test('of a single file appends to it', async () => {
    await start({ 'all.yaml': service('web').trimEnd() }, join(dir, 'all.yaml'))
    expect(await edit(given(service('cart')))).toEqual([])
    expect(await read('all.yaml')).toBe(`${service('web')}---\n${service('cart')}`)
  })

  test('passes over what means nothing to the mesh, whatever it is named', async () => {
    await start({ 'all.yaml': service('web') })
    const stranger = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ../../../escaped }\n'
    expect(await edit(given(`${stranger}---\n${service('cart')}`))).toEqual([])
    expect(await readdir(join(dir, 'applied'))).toEqual(['shop.service.cart.yaml'])
    expect(await readdir(dir)).toEqual(['all.yaml', 'applied'])
  })

  test('that changes nothing writes nothing', async () => {
    await start({ 'all.yaml': service('web') })
    const prepared = await source.store!.prepare({ files: [{ path: 'f', text: service('web') }], remove: [] })
    expect(prepared.writes).toEqual([])
  })
})

describe('an edit is refused, and nothing written,', () => {
  test.each([
    {
      name: 'for a mistake, with the place in what was given',
      text: `${service('web')}---\n${service('cart').replace('port: 80', 'port: none')}`,
      error: 'given.yaml:9:',
    },
    {
      name: 'for what does not fit the rest',
      text: `${service('web')}---\n${service('web', 81)}`,
      error: 'given.yaml:8:13: metadata.name: Service shop/web is defined at given.yaml:1 already',
    },
    { name: 'for an item of a List', text: service('listed'), error: 'is an item of a List in DIR/list.yaml' },
    {
      name: 'for a new Workload with a command',
      text: 'apiVersion: heddle.dev/v1alpha1\nkind: Workload\nmetadata: {name: w}\nspec: {serviceAccount: w, command: [./w]}',
      error: 'runs a command, whose paths start at its own file',
    },
  ])('$name', async ({ text, error }) => {
    const list = { apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'Service', ...listed }] }
    await start({ 'all.yaml': service('web'), 'list.yaml': JSON.stringify(list) })
    expect((await edit(given(text))).join('\n')).toContain(error)
    expect(await readdir(dir)).toEqual(['all.yaml', 'list.yaml'])
    expect(await read('all.yaml')).toBe(service('web'))
    expect(changes).toEqual([])
  })

  test('for a document that only `...` parts from the one before: it could not be found again', async () => {
    await start({ 'all.yaml': service('web') })
    const text = `${service('web', 81)}...\n${service('cart')}`
    expect((await edit(given(text))).join('\n')).toContain('Service shop/cart: put `---` before its document')
    expect(await read('all.yaml')).toBe(service('web'))
  })

  test('while the files there are have a mistake', async () => {
    await start({ 'all.yaml': service('web'), 'bad.yaml': 'kind: Nothing' })
    expect((await edit(given(service('cart')))).join('\n')).toContain('DIR/bad.yaml')
  })

  test('for a mistake in a file of the directory that is given itself: it is named once, as it was given', async () => {
    const broken = `${service('cart')}---\n${service('web', 70_000)}`
    await start({ 'all.yaml': service('stock') })
    await writeFile(join(dir, 'broken.yaml'), broken)
    const [error, ...more] = await edit({ files: [{ path: './broken.yaml', text: broken }] })
    expect(error).toContain('./broken.yaml:9:')
    expect(more).toEqual([])
  })

  test('for an object that is in no file', async () => {
    await start({ 'all.yaml': service('web') })
    const remove = [{ kind: 'Service', namespace: 'shop', name: 'gone' }]
    expect(await edit({ remove })).toEqual([': Service shop/gone is in no file'])
  })

  test('when a file was changed since it was prepared', async () => {
    await start({ 'all.yaml': service('web') })
    const prepared = await source.store!.prepare({ files: [{ path: 'f', text: service('cart') }], remove: [] })
    await writeFile(join(dir, 'more.yaml'), service('stock'))
    await expect(source.store!.commit(prepared)).rejects.toMatchObject({ isStale: true })
    expect(await readdir(dir)).toEqual(['all.yaml', 'more.yaml'])
  })

  test('when one of the files cannot be written: the others get back what they held', async () => {
    await start({ 'all.yaml': service('web'), applied: '' })
    const text = `${service('web', 81)}---\n${service('cart')}`
    const prepared = await source.store!.prepare({ files: [{ path: 'f', text }], remove: [] })
    await expect(source.store!.commit(prepared)).rejects.toMatchObject({ isStale: false })
    expect(await read('all.yaml')).toBe(service('web'))
  })
})

test('a link in the place of the file that is written first does not lead out of the directory', async () => {
  const other = await mkdtemp(join(tmpdir(), 'heddle-other-'))
  const secret = join(other, 'secret')
  await writeFile(secret, 'not of the configuration')
  await start({ 'all.yaml': service('web') })
  await symlink(secret, join(dir, `all.yaml.${process.pid}.tmp`))
  expect(await edit(given(service('web', 81)))).toEqual([])
  expect(await readFile(secret, 'utf8')).toBe('not of the configuration')
  expect(await read('all.yaml')).toBe(service('web', 81))
  expect(await readdir(dir)).toEqual(['all.yaml'])
  await rm(other, { recursive: true })
})

const listed = { metadata: { name: 'listed', namespace: 'shop' }, spec: { ports: [{ port: 80 }] } }
