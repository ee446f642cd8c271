import { type FakeObject, type FakeTarget, isSelected } from './fake-object.ts'
import { applyPatch, type JsonOperation, jsonPatch, mergePatch, type Owners } from './fake-patch.ts'
import type { FakeStore } from './fake-store.ts'

/** A request about stored objects. */
export interface FakeCall {
  readonly method: string
  readonly target: FakeTarget
  readonly query: URLSearchParams
  readonly contentType: string
  readonly body: unknown
}

/** What is answered. */
export interface FakeAnswer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Does the calls that are not watches. */
export class FakeCalls {
  readonly #store: FakeStore
  readonly #owners = new Map<string, Owners>()

  constructor(store: FakeStore) {
    this.#store = store
  }

  answer(call: FakeCall): FakeAnswer {
    switch (call.method) {
      case 'GET':
        return call.target.name === undefined ? this.#list(call) : this.#get(call)
      case 'POST':
        return this.#create(call)
      case 'PUT':
        return this.#update(call, call.body as FakeObject)
      case 'PATCH':
        return this.#patch(call)
      case 'DELETE':
        return this.#delete(call)
      default:
        return refusal(405, 'MethodNotAllowed', `no ${call.method} here`)
    }
  }

  #get({ target }: FakeCall): FakeAnswer {
    const body = this.#store.get(target)
    return body === undefined ? notFound(target) : { status: 200, body }
  }

  /** Pages begin after a key and remember the version of the first one. */
  #list({ target, query }: FakeCall): FakeAnswer {
    const [version = this.#store.version, after = ''] = readToken(query.get('continue'))
    if (after !== '' && this.#store.isForgotten(version)) return refusal(410, 'Expired', 'the page is forgotten')
    const all = this.#store.list(target).filter((object) => isSelected(object, query) && sortKey(object) > after)
    const limit = Number(query.get('limit') ?? 0) || all.length
    const items = all.slice(0, limit)
    const last = items.at(-1)
    const next = all.length > limit && last !== undefined ? { continue: `${version} ${sortKey(last)}` } : {}
    // A list's items come without their kind.
    const bare = items.map(({ apiVersion: _version, kind: _kind, ...item }) => item)
    return { status: 200, body: { metadata: { resourceVersion: String(version), ...next }, items: bare } }
  }

  #create({ target, query, body }: FakeCall): FakeAnswer {
    const object = body as FakeObject
    const { name, namespace = target.namespace } = object.metadata
    const named = { ...target, name, namespace }
    if (this.#store.get(named) !== undefined) return refusal(409, 'AlreadyExists', `${name} already exists`)
    const written = isDry(query) ? object : this.#store.write(named, object)
    return { status: 201, body: written }
  }

  #update({ target, query }: FakeCall, object: FakeObject): FakeAnswer {
    const before = this.#store.get(target)
    if (before === undefined) return notFound(target)
    const { resourceVersion = before.metadata.resourceVersion } = object.metadata
    if (resourceVersion !== before.metadata.resourceVersion) {
      return refusal(409, 'Conflict', 'the object has been modified; please apply your changes to the latest version')
    }
    const isStatus = target.subresource === 'status'
    const next = isStatus ? { ...before, status: object.status } : { ...object, status: before.status }
    return { status: 200, body: isDry(query) ? next : this.#store.write(target, next) }
  }

  #patch(call: FakeCall): FakeAnswer {
    const { target, contentType, body } = call
    if (contentType.startsWith('application/apply-patch')) return this.#apply(call)
    const before = this.#store.get(target)
    if (before === undefined) return notFound(target)
    const next = contentType.startsWith('application/json-patch')
      ? jsonPatch(before, body as readonly JsonOperation[])
      : mergePatch(before, body)
    return next === undefined
      ? refusal(422, 'Invalid', 'the patch does not fit')
      : this.#update(call, next as FakeObject)
  }

  #apply(call: FakeCall): FakeAnswer {
    const { target, query, body } = call
    const key = JSON.stringify(target)
    const before = this.#store.get(target)
    const owners = before === undefined ? new Map<string, string>() : (this.#owners.get(key) ?? new Map())
    const applied = applyPatch(before, owners, {
      manager: query.get('fieldManager') ?? '',
      isForced: query.get('force') === 'true',
      patch: body,
    })
    if (applied.kind === 'conflict') {
      const message = `Apply failed with ${applied.fields.length} conflicts: ${applied.fields.join(', ')}`
      return refusal(409, 'Conflict', message)
    }
    if (!isDry(query)) this.#owners.set(key, applied.owners)
    const object = applied.object as FakeObject
    return before === undefined ? this.#create({ ...call, body: object }) : this.#update(call, object)
  }

  #delete({ target, body }: FakeCall): FakeAnswer {
    const before = this.#store.get(target)
    if (before === undefined) return notFound(target)
    const wanted = (body as { preconditions?: { uid?: string } } | undefined)?.preconditions?.uid
    if (wanted !== undefined && wanted !== before.metadata.uid) return refusal(409, 'Conflict', 'another uid')
    return { status: 200, body: this.#store.delete(target) }
  }
}

/** A Kubernetes Status. */
export function refusal(code: number, reason: string, message: string): FakeAnswer {
  return { status: code, body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message } }
}

function notFound({ collection, name }: FakeTarget): FakeAnswer {
  return refusal(404, 'NotFound', `${collection.split('/').at(-1)} "${name}" not found`)
}

function isDry(query: URLSearchParams): boolean {
  return query.get('dryRun') === 'All'
}

function readToken(token: string | null): [number?, string?] {
  if (token === null) return []
  const space = token.indexOf(' ')
  return [Number(token.slice(0, space)), token.slice(space + 1)]
}

function sortKey({ metadata }: FakeObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`
}
