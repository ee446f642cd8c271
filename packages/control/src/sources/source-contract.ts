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
  await expect.poll(() => attempt(holds), { timeout: 30_000, interval: 5 }).toBe('holds')
}

function attempt(holds: () => void): string {
  try {
    holds()
    return 'holds'
  } catch (error) {
    return String(error)
  }
}

const SHOP = account('shop')
const BANK = account('bank')

function account(name: string, labels = ''): string {
  return `apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: ${name}, namespace: contract, labels: {${labels}}}`
}

/** Documents with one problem, if any; their namespace is `contract`. */
export interface ContractDocuments {
  readonly yaml: string
  /** Of all objects in it. */
  readonly names: readonly string[]
  /** Of the problem. */
  readonly field: string
}

/** What differs between sources. */
export interface SourceContract {
  open(): Promise<SourceWorld>
  /** Of a set with an error: whether all of it is refused, or only what the error is about. */
  readonly refuses: 'the set' | 'the object'
  /** With one error. */
  readonly wrong: ContractDocuments
  /** With nothing wrong; where objects are refused one by one, the same objects as in `wrong`. */
  readonly right: Omit<ContractDocuments, 'field'>
  /** With one warning. */
  readonly doubtful: ContractDocuments
}

/** What every source must do, whatever it reads. To be called within a `describe`. */
export function testSource(contract: SourceContract): void {
  testChanges(contract)
  testRefusals(contract)
  if (contract.refuses === 'the set') testRefusedSets(contract)
  else testRefusedObjects(contract)
}

function names(objects: readonly MeshObject[]): string[] {
  return objects.map(({ metadata }) => metadata.name).sort()
}

function testChanges({ open }: SourceContract): void {
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
    await world.write(`${SHOP}\n---\n${account('bank', 'tier: gold')}`)
    await eventually(() => expect(heard.changes).toHaveLength(2))
    expect(heard.changes[1]).toMatchObject({
      upserted: [{ metadata: { name: 'bank', labels: { tier: 'gold' } } }],
      removed: [],
    })
    await world.write(SHOP)
    await eventually(() => expect(heard.changes).toHaveLength(3))
    expect(heard.changes[2]).toMatchObject({ upserted: [], removed: [{ kind: 'ServiceAccount', name: 'bank' }] })
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
    await eventually(() => expect(names(heardOther.objects())).toEqual(['bank']))
    expect(heard.changes).toHaveLength(1)
    ending.abort()
  })
}

function testRefusals({ open, wrong, right, doubtful }: SourceContract): void {
  test('shows the problem of what it refuses until it is gone', async () => {
    await using world = await open()
    await world.write(`${BANK}\n---\n${wrong.yaml}`)
    const ended = new AbortController()
    const heard = await listen(world.source, ended.signal)
    const problem = { field: wrong.field, severity: 'error' }
    expect(world.source.status().problems).toMatchObject([problem])
    expect(heard.statuses.at(-1)?.problems).toMatchObject([problem])
    await world.write(`${BANK}\n---\n${right.yaml}`)
    await eventually(() => expect(world.source.status().problems).toEqual([]))
    expect(names(heard.objects())).toEqual(['bank', ...right.names].sort())
    ended.abort()
  })

  test('takes what has warnings over, and shows them', async () => {
    await using world = await open()
    await world.write(doubtful.yaml)
    const ended = new AbortController()
    const heard = await listen(world.source, ended.signal)
    expect(names(heard.objects())).toEqual([...doubtful.names].sort())
    const problem = { field: doubtful.field, severity: 'warning' }
    expect(heard.statuses.at(-1)?.problems).toMatchObject([problem])
    ended.abort()
  })
}

function testRefusedSets({ open, wrong, right }: SourceContract): void {
  test('refuses a set with an error whole: the last good one stays in force', async () => {
    await using world = await open()
    await world.write(SHOP)
    const ended = new AbortController()
    const heard = await listen(world.source, ended.signal)
    const { appliedMs } = world.source.status()
    await world.write(`${BANK}\n---\n${wrong.yaml}`)
    await eventually(() => expect(world.source.status().problems).toHaveLength(1))
    expect(heard.statuses.at(-1)).toMatchObject({ problems: [{ severity: 'error' }], appliedMs })
    expect(names(world.source.objects())).toEqual(['shop'])
    expect(heard.changes).toHaveLength(1)
    await world.write(`${BANK}\n---\n${right.yaml}`)
    await eventually(() => expect(names(heard.objects())).toEqual(['bank', ...right.names].sort()))
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
}

function testRefusedObjects({ open, wrong, right }: SourceContract): void {
  test('refuses what is wrong alone: its last good version stays in force, and everything else changes', async () => {
    await using world = await open()
    await world.write(`${SHOP}\n---\n${right.yaml}`)
    const ended = new AbortController()
    const heard = await listen(world.source, ended.signal)
    const good = heard.objects().filter(({ metadata }) => right.names.includes(metadata.name))
    await world.write(`${BANK}\n---\n${wrong.yaml}`)
    await eventually(() => expect(world.source.status().problems).toHaveLength(1))
    await eventually(() => expect(names(heard.objects())).toEqual(['bank', ...right.names].sort()))
    expect(heard.objects()).toEqual(expect.arrayContaining(good))
    await world.write(BANK)
    await eventually(() => expect(names(heard.objects())).toEqual(['bank']))
    expect(world.source.status().problems).toEqual([])
    ended.abort()
  })
}
