import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { errorAt, type Finding, type Path, warningAt } from './finding.ts'
import { MAX_DEPTH } from './read-yaml.ts'

/** Aliases count each time they are used, so that a small file cannot grow without bound. */
const MAX_NODES = 100_000
/** Whoever has more to repair in one document starts with these. */
const MAX_FINDINGS = 200

/** A value and what was noticed on the way; `value` is `undefined` for nothing or null. */
export interface NodeReading {
  readonly value: unknown
  readonly findings: readonly Finding[]
  /** What the aliases stand for, as far as they were read: the library looks through the whole document for each. */
  readonly targets: ReadonlyMap<Alias, Node | undefined>
}

/**
 * Makes plain values of a YAML document. Every use of an alias is a copy; entries that are null are left out with a
 * warning, as an API server does; names that occur twice, and what is too deep or too large, are errors.
 */
export function readNode(document: Document.Parsed): NodeReading {
  const reader = new NodeReader()
  const value = document.contents === null ? undefined : reader.read(document.contents, [], 0)
  return { value: value ?? undefined, findings: reader.findings, targets: reader.targets }
}

class NodeReader {
  readonly findings: Finding[] = []
  /** Filled while reading in the order of the file, because an anchor's name may be used again later. */
  readonly targets = new Map<Alias, Node | undefined>()
  readonly #anchors = new Map<string, Node>()
  #nodes = 0
  #hasGivenUp = false

  read(node: unknown, path: Path, depth: number): unknown {
    this.#nodes += 1
    if (this.#hasGivenUp) return undefined
    if (this.#nodes > MAX_NODES) return this.#giveUp([], `more than ${MAX_NODES} values in one document`)
    if (depth > MAX_DEPTH) return this.#refuse(path.slice(0, 8), `more than ${MAX_DEPTH} levels deep`)
    if (isAlias(node)) return this.#readAlias(node, path, depth)
    if (isNode(node) && node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    if (isMap(node)) return this.#readMap(node, path, depth)
    if (isSeq(node)) return node.items.map((item, i) => this.read(item, [...path, i], depth + 1) ?? null)
    return isScalar(node) ? this.#readScalar(node, path) : undefined
  }

  #readScalar(scalar: Scalar, path: Path): unknown {
    const other = scalar.type === 'PLAIN' ? readByKubernetes(scalar.source ?? '') : undefined
    if (other === undefined) return scalar.value
    return this.#refuse(path, `${scalar.source} is ${other} to Kubernetes, which reads YAML 1.1: write it in quotes`)
  }

  #readAlias(alias: Alias, path: Path, depth: number): unknown {
    if (!this.targets.has(alias)) this.targets.set(alias, this.#anchors.get(alias.source))
    const target = this.targets.get(alias)
    if (target === undefined) return this.#refuse(path, `there is no anchor &${alias.source} before this`)
    return this.read(target, path, depth + 1)
  }

  #readMap(map: YAMLMap, path: Path, depth: number): unknown {
    const entries = new Map<string, unknown>()
    for (const pair of map.items) {
      if (this.#hasGivenUp) return undefined
      const name = nameOf(pair.key)
      if (name === undefined) this.#refuse(path, 'the name of a field must be text')
      else if (entries.has(name)) this.#refuse([...path, name], 'is given twice')
      else entries.set(name, this.#readField(pair.value, [...path, name], depth))
    }
    return Object.fromEntries([...entries].filter(([, value]) => value !== undefined && value !== null))
  }

  #readField(node: unknown, path: Path, depth: number): unknown {
    const isEmpty = node === null || (isScalar(node) && node.value === null)
    if (isEmpty) this.#note(warningAt(path, 'has no value and counts as not given', 'remove it'))
    return this.read(node, path, depth + 1)
  }

  #refuse(path: Path, reason: string): undefined {
    this.#note(errorAt(path, reason))
    return undefined
  }

  #note(finding: Finding): void {
    this.findings.push(finding)
    if (this.findings.length >= MAX_FINDINGS) this.#giveUp(finding.path, 'the rest of this document was not read')
  }

  /** Nothing after it is read. */
  #giveUp(path: Path, reason: string): undefined {
    if (!this.#hasGivenUp) this.findings.push(errorAt(path, reason))
    this.#hasGivenUp = true
    return undefined
  }
}

/**
 * What Kubernetes' reader makes of a plain value that means something else in YAML 1.2: one file must not say two things.
 *
 * @returns `undefined`: the same
 */
function readByKubernetes(source: string): string | undefined {
  if (/^(y|Y|yes|Yes|YES|on|On|ON)$/.test(source)) return 'true'
  if (/^(n|N|no|No|NO|off|Off|OFF)$/.test(source)) return 'false'
  if (/^[-+]?0[0-7]+$/.test(source) && /[1-9]/.test(source)) return String(Number.parseInt(source, 8))
  return /^[-+]?[1-9][0-9]*_[0-9_]*$/.test(source) ? source.replaceAll('_', '') : undefined
}

function nameOf(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined
  return typeof key.value === 'string' ? key.value : undefined
}

/** The node at a path and the name in front of it, as far as they exist. */
export interface Place {
  readonly key: Node | undefined
  readonly value: Node | undefined
}

/** A document with the {@link NodeReading.targets} of its aliases. */
export interface ReadDocument {
  readonly document: Document.Parsed
  readonly targets: ReadonlyMap<Alias, Node | undefined>
}

/** Finds what is at `path`, or the nearest thing around it. */
export function findPlace({ document, targets }: ReadDocument, path: Path): Place {
  let place: Place = { key: undefined, value: document.contents ?? undefined }
  for (const step of path) {
    const parent = isAlias(place.value) ? targets.get(place.value) : place.value
    if (isMap(parent)) {
      const pair = parent.items.findLast((one) => nameOf(one.key) === step)
      if (pair === undefined) return place
      place = { key: pair.key as Node, value: (pair.value as Node | null) ?? undefined }
      continue
    }
    const item = isSeq(parent) && typeof step === 'number' ? (parent.items[step] as Node | undefined) : undefined
    if (item === undefined) return place
    place = { key: undefined, value: item }
  }
  return place
}
