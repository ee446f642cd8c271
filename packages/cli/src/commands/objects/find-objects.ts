import type { ConfigObject } from '@heddle/api/admin'
import type { ControlClient } from '../../client/control-client.ts'
import type { LabelSelector } from './label-selector.ts'
import type { ObjectChoice } from './object-argument.ts'

/** What was asked for. */
export interface WantedObjects {
  readonly choices: readonly ObjectChoice[]
  /** Empty: any. */
  readonly namespace: string
  readonly selector: LabelSelector | undefined
}

/** What there is of it. */
export interface Found {
  readonly objects: readonly ConfigObject[]
  /** `no service "cart" in namespace "shop"`, for each that was asked for by name. */
  readonly missing: readonly string[]
  /** What to say where there is none at all. */
  readonly nothing: string
}

/** Looks objects of the configuration in force up; each is there once, however often it was asked for. */
export async function findObjects(client: ControlClient, wanted: WantedObjects): Promise<Found> {
  const found = await Promise.all(wanted.choices.map((choice) => findChosen(client, choice, wanted)))
  const objects = new Map(found.flat().map((object) => [keyOf(object), object]))
  const missing = wanted.choices.flatMap((choice, at) => {
    const names = new Set(found[at]!.map(({ ref }) => ref?.name))
    return choice.names.filter((name) => !names.has(name)).map((name) => `no ${describe(choice, name, wanted)}`)
  })
  const nothing = `no ${wanted.choices.map((choice) => describe(choice, '', wanted)).join(', no ')}`
  return { objects: [...objects.values()], missing: [...new Set(missing)], nothing }
}

async function findChosen({ admin }: ControlClient, choice: ObjectChoice, wanted: WantedObjects) {
  const { kind, names } = choice
  const namespace = kind?.isNamespaced === false ? '' : wanted.namespace
  const name = names.length === 1 ? names[0]! : ''
  const { objects } = await admin.listObjects({ kind: kind?.kind ?? '', namespace, name })
  return objects.filter((object) => {
    if (names.length > 0 && !names.includes(object.ref?.name ?? '')) return false
    return wanted.selector?.(labelsOf(object)) ?? true
  })
}

function labelsOf({ manifest }: ConfigObject): Readonly<Record<string, string>> {
  const { metadata } = (manifest ?? {}) as {
    readonly metadata?: { readonly labels?: Readonly<Record<string, string>> }
  }
  return metadata?.labels ?? {}
}

function describe({ kind }: ObjectChoice, name: string, { namespace, selector }: WantedObjects): string {
  const what = kind === undefined ? 'objects' : name === '' ? kind.words[1]! : `${kind.words[0]} "${name}"`
  const chosen = selector === undefined ? what : `${what} with these labels`
  return namespace === '' || kind?.isNamespaced === false ? chosen : `${chosen} in namespace "${namespace}"`
}

function keyOf({ ref }: ConfigObject): string {
  return `${ref?.kind} ${ref?.namespace}/${ref?.name}`
}
