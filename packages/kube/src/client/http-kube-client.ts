import { parseStatusText } from './api-status.ts'
import type { Caller, CallOutcome } from './caller.ts'
import type {
  ApplyOptions,
  DeleteOptions,
  KubeClient,
  KubeDraft,
  KubeList,
  KubeObject,
  KubeRequest,
  ListOptions,
  ObjectName,
  PatchOptions,
  Resource,
  WatchEvent,
  WatchOptions,
} from './client.ts'
import { KubeError, KubeTransportError } from './kube-error.ts'
import { collectionPath, objectPath, selectionQuery } from './paths.ts'
import { apiVersionOf } from './resources.ts'
import { parseWatchLine } from './watch-event.ts'
import type { StreamPart } from './watch-stream.ts'

const PAGE_SIZE = 500
const SILENCE_MS = 120_000
const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const

/** The calls of a {@link KubeClient}, each as one request. */
export class HttpKubeClient implements KubeClient {
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

  async get<T extends KubeObject>(ref: ObjectName): Promise<T | undefined> {
    const outcome = await this.#caller.call({ method: 'GET', path: objectPath(ref) })
    return isMissing(outcome) ? undefined : toValue<T>(outcome)
  }

  async list<T extends KubeObject>(resource: Resource, options: ListOptions = {}): Promise<KubeList<T>> {
    try {
      return await this.#listAll<T>(resource, options)
    } catch (error) {
      if (!(error instanceof KubeError && error.status === 410)) throw error
      // The pages are from a version that was forgotten meanwhile; one answer cannot be.
      return await this.#listAll<T>(resource, { ...options, pageSize: 0 })
    }
  }

  async #listAll<T extends KubeObject>(resource: Resource, options: ListOptions): Promise<KubeList<T>> {
    const items: T[] = []
    let resourceVersion = ''
    for await (const page of this.listPages<T>(resource, options)) {
      for (const item of page.items) items.push(item)
      resourceVersion = page.resourceVersion
    }
    return { items, resourceVersion }
  }

  async *listPages<T extends KubeObject>(resource: Resource, options: ListOptions = {}): AsyncGenerator<KubeList<T>> {
    const path = collectionPath(resource, options.namespace)
    const size = options.pageSize ?? PAGE_SIZE
    const query = { ...selectionQuery(options), ...(size === 0 ? {} : { limit: String(size) }) }
    let next: string | undefined
    do {
      const from = next === undefined ? {} : { continue: next }
      next = undefined
      for await (const part of this.#caller.list({ method: 'GET', path, query: { ...query, ...from } })) {
        if (part.kind === 'items')
          yield { items: part.items.map((text) => toItem<T>(text, resource)), resourceVersion: '' }
        else if (part.kind === 'around') {
          const { metadata } = parseAnswer<ListAnswer>(part.text)
          next = metadata?.continue
          yield { items: [], resourceVersion: metadata?.resourceVersion ?? '' }
        } else toValue(part)
      }
    } while (next !== undefined && next !== '')
  }

  async *watch(resource: Resource, options: WatchOptions, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const { namespace, resourceVersion, timeoutSeconds, silenceMs = SILENCE_MS } = options
    const query = {
      ...selectionQuery(options),
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion,
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds: String(timeoutSeconds) }),
    }
    const request = { method: 'GET', path: collectionPath(resource, namespace), query }
    for await (const part of this.#caller.stream(request, silenceMs, signal)) {
      if (part.kind === 'opened') options.onOpened?.()
      else if (part.kind === 'lines') yield* part.lines.map(toEvent)
      else throw toStreamError(part, silenceMs)
    }
  }

  create<T extends KubeObject>(resource: Resource, object: KubeDraft): Promise<T> {
    const body = completed(resource, object)
    // Objects are created at the path of all of them; what lacks its name or namespace is refused all the same.
    pathOf(resource, object)
    return this.request<T>({ method: 'POST', path: collectionPath(resource, object.metadata.namespace), body })
  }

  update<T extends KubeObject>(resource: Resource, object: KubeDraft): Promise<T> {
    return this.request<T>({ method: 'PUT', path: pathOf(resource, object), body: completed(resource, object) })
  }

  apply<T extends KubeObject>(resource: Resource, object: KubeDraft, options: ApplyOptions): Promise<T> {
    const { fieldManager, force = false, subresource } = options
    return this.request<T>({
      method: 'PATCH',
      path: pathOf(resource, object, subresource),
      query: { fieldManager, force: String(force), ...dryRunQuery(options) },
      // JSON is YAML; older API servers know the type by this name only.
      contentType: 'application/apply-patch+yaml',
      body: completed(resource, object),
    })
  }

  patch<T extends KubeObject>(ref: ObjectName, patch: unknown, options: PatchOptions): Promise<T> {
    return this.request<T>({
      method: 'PATCH',
      path: objectPath(ref, options.subresource),
      query: dryRunQuery(options),
      contentType: PATCH_TYPES[options.type],
      body: patch,
    })
  }

  async delete(ref: ObjectName, { propagation, uid }: DeleteOptions = {}): Promise<boolean> {
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    }
    const outcome = await this.#caller.call({ method: 'DELETE', path: objectPath(ref), body })
    if (isMissing(outcome)) return false
    toValue(outcome)
    return true
  }

  async request<T>(options: KubeRequest): Promise<T> {
    return toValue<T>(await this.#caller.call(options))
  }
}

interface ListAnswer {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
}

/** The API server leaves out the kind of a list's items. */
function toItem<T extends KubeObject>(text: string, resource: Resource): T {
  const item = parseAnswer<T>(text)
  return item.kind === undefined ? { apiVersion: apiVersionOf(resource), kind: resource.kind, ...item } : item
}

function completed(resource: Resource, object: KubeDraft): KubeObject {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object }
}

function pathOf(resource: Resource, { metadata }: KubeDraft, subresource?: string): string {
  const { namespace, name } = metadata
  return objectPath({ resource, name, ...(namespace === undefined ? {} : { namespace }) }, subresource)
}

function dryRunQuery({ dryRun }: Pick<PatchOptions, 'dryRun'>): Readonly<Record<string, string>> {
  return dryRun === true ? { dryRun: 'All' } : {}
}

function isMissing(outcome: CallOutcome): boolean {
  return outcome.kind === 'answer' && outcome.status === 404
}

function toValue<T>(outcome: CallOutcome): T {
  if (outcome.kind !== 'answer') throw new KubeTransportError(outcome.reason, outcome.message, outcome.cause)
  if (outcome.status >= 300) throw new KubeError(parseStatusText(outcome.body, outcome.status))
  return outcome.body === '' ? (undefined as T) : parseAnswer<T>(outcome.body)
}

function parseAnswer<T>(text: string): T {
  try {
    return JSON.parse(text) as T
  } catch (error) {
    throw new KubeTransportError('not_json', 'the answer is not JSON', error)
  }
}

function toEvent(line: string): WatchEvent {
  const parsed = parseWatchLine(line)
  if (parsed.kind === 'event') return parsed.event
  if (parsed.kind === 'error') throw new KubeError(parsed.status)
  throw new KubeTransportError('not_json', parsed.message)
}

function toStreamError(part: Exclude<StreamPart, { kind: 'opened' | 'lines' }>, silenceMs: number): Error {
  switch (part.kind) {
    case 'answer':
      return new KubeError(parseStatusText(part.body, part.status))
    case 'silence':
      return new KubeTransportError('deadline', `nothing came for ${silenceMs} ms`)
    case 'failure':
      return new KubeTransportError(part.reason, part.message, part.cause)
  }
}
