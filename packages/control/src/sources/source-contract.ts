import { type MeshObject, refOf } from '@heddle/api/kinds'
import { expect, test } from 'vitest'
import type { ObjectChange, Source, SourceStatus } from './source.ts'

/** A place that a source reads, and a source that reads it. */
export interface SourceWorld extends AsyncDisposable {
  readonly source: Source
  /** Makes the set of objects what `yaml` says. Its text may be broken. */
  write(yaml: string): Promise<void>
}

/** Everything that a source said. */
export interface Heard {
  readonly changes: readonly ObjectChange[]
  readonly statuses: readonly SourceStatus[]
  /** What a listener knows that takes over each change. */
  objects(): readonly MeshObject[]
}

/** Begins to listen. */
export async function listen(source: Source, signal: AbortSignal): Promise<Heard> {
  const changes: ObjectChange[] = []
  const statuses: SourceStatus[] = []
  const objects = new Map<string, MeshObject>()
  await source.start(
    {
      onChange(change) {
        changes.push(change)
        for (const ref of change.removed) objects.delete(JSON.stringify(ref))
        for (const object of change.upserted) objects.set(JSON.stringify(refOf(object)), object)
      },
      onStatus: (status) => statuses.push(status),
    },
    signal,
  )
  return { changes, statuses, objects: () => [...objects.values()] }
}

/** Waits until `holds` holds. */
export async function eventually(holds: () => void): Promise<void> {
  await expect.poll(() => attempt(holds), { timeout: 10_000, interval: 5 }).toBe('holds')
}

function attempt(holds: () => void): string {
  try {
    holds()
    return 'holds'
  } catch (error) {
    return String(error)
  }
}

const SHOP = namespace('shop')
const BANK = namespace('bank')

function namespace(name: string, labels = ''): string {
  return `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {${labels}}}`
}

/** What every source must do, whatever it reads. To be called within a `describe`. */
export function testSource(open: () => Promise<SourceWorld>): void {
  testChanges(open)
  testRefusals(open)
}

function names(objects: readonly MeshObject[]): string[] {
  return objects.map(({ metadata }) => metadata.name).sort()
}

function testChanges(open: () => Promise<SourceWorld>): void {
  test('tells all objects before start() resolves', async () => {
    await using world = await open()
    await world.write(`${SHOP}\n---\n${BANK}`)
    const ended = new AbortController()
    const heard = await listen(world.source, ended.signal)
    expect(names(heard.objects())).toEqual(['bank', 'shop'])
    expect(heard.statuses.at(-1)).toMatchObject({ problems: [] })
    expect(names(world.source.objects())).toEqual(['bank', 'shop'])
    ended.abort()
  })

  test('tells what came, changed and went, and nothing about the rest', async () => {
    await using world = await open()
    await world.write(`${SHOP}\n---\n${BANK}`)
    const ended = new AbortController()
    const heard = await listen(world.source, ended.signal)
    await world.write(`${SHOP}\n---\n${namespace('bank', 'tier: gold')}`)
    await eventually(() => expect(heard.changes).toHaveLength(2))
    expect(heard.changes[1]).toMatchObject({
      upserted: [{ metadata: { name: 'bank', labels: { tier: 'gold' } } }],
      removed: [],
    })
    await world.write(SHOP)
    await eventually(() => expect(heard.changes).toHaveLength(3))
    expect(heard.changes[2]).toEqual({ upserted: [], removed: [{ kind: 'Namespace', namespace: '', name: 'bank' }] })
    expect(world.source.objects()).toEqual(heard.objects())
    ended.abort()
  })

  test('says nothing more once its signal is aborted', async () => {
    await using world = await open()
    await world.write(SHOP)
    const ended = new AbortController()
    const heard = await listen(world.source, ended.signal)
    ended.abort()
    await world.write(BANK)
    await using other = await open()
    await other.write(SHOP)
    const ending = new AbortController()
    const heardOther = await listen(other.source, ending.signal)
    await other.write(BANK)
    await eventually(() => expect(heardOther.changes).toHaveLength(2))
    expect(heard.changes).toHaveLength(1)
    ending.abort()
  })
}

function testRefusals(open: () => Promise<SourceWorld>): void {
  test('refuses a set with an error whole: the last good one stays in force, and the problem is shown until it is gone', async () => {
    await using world = await open()
    await world.write(SHOP)
    const ended = new AbortController()
    const heard = await listen(world.source, ended.signal)
    const { appliedMs } = world.source.status()
    await world.write(`${BANK}\n---\n${namespace('Wrong')}`)
    await eventually(() => expect(world.source.status().problems).toHaveLength(1))
    expect(heard.statuses.at(-1)).toEqual({
      problems: [expect.objectContaining({ field: 'metadata.name', severity: 'error' })],
      appliedMs,
    })
    expect(names(world.source.objects())).toEqual(['shop'])
    expect(heard.changes).toHaveLength(1)
    await world.write(`${BANK}\n---\n${namespace('right')}`)
    await eventually(() => expect(world.source.status().problems).toEqual([]))
    expect(names(heard.objects())).toEqual(['bank', 'right'])
    ended.abort()
  })

  test('starts with a broken set as well: without objects, and with its problems', async () => {
    await using world = await open()
    await world.write('kind: [')
    const ended = new AbortController()
    const heard = await listen(world.source, ended.signal)
    expect(heard.changes).toEqual([])
    expect(heard.statuses).toEqual([{ problems: [expect.objectContaining({ severity: 'error' })], appliedMs: 0 }])
    await world.write(SHOP)
    await eventually(() => expect(names(heard.objects())).toEqual(['shop']))
    ended.abort()
  })

  test('takes a set with warnings over, and shows them', async () => {
    await using world = await open()
    await world.write(
      'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: NodePort, selector: {a: b}, ports: [{port: 1}]}',
    )
    const ended = new AbortController()
    const heard = await listen(world.source, ended.signal)
    expect(names(heard.objects())).toEqual(['a'])
    expect(heard.statuses.at(-1)?.problems.map(({ severity }) => severity)).toEqual(['warning', 'warning'])
    ended.abort()
  })
}
