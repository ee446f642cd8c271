import { readFile } from 'node:fs/promises'
import { fromJson, type JsonValue, toJson } from '@bufbuild/protobuf'
import { NodeSchema } from '@heddle/api/discovery'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { type InstanceState, instanceKey, type Registration } from '../model/instance.ts'
import type { Model } from '../model/model.ts'
import { describeLaterFormat } from '../state/later-format.ts'
import { SavedFile } from '../state/saved-file.ts'

/** How long a proxy may take to come back after a restart of the control plane before its endpoints go. */
const RETURN_GRACE_MS = 30_000

export interface SavedRegistrationsOptions {
  readonly path: string
  readonly model: Model
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/** The first versions wrote no number. */
const FORMAT = 1

/** What is in the file. */
interface SavedJson {
  readonly format?: number
  readonly registrations: readonly {
    readonly node: JsonValue
    readonly state: InstanceState
    readonly reason: string
  }[]
}

/**
 * Gives the model the instances that were registered before a restart, and from then on writes down which there are.
 * Their proxies have {@link RETURN_GRACE_MS} to come back, so nobody's endpoints vanish because the control plane was away.
 *
 * @returns the file, to be closed at the end
 */
export async function restoreRegistrations(options: SavedRegistrationsOptions): Promise<SavedFile> {
  const { path, model, clock, log, signal } = options
  const restored: Registration[] = []
  for (const registration of await readRegistrations(path, log)) {
    const result = model.applyRegistration({ ...registration, owner: '' })
    if (result.kind === 'accepted') restored.push(registration)
    if (result.kind === 'refused') {
      log.warn('registration not restored', { instance: instanceKey(registration.node), reason: result.reason })
    }
  }
  if (restored.length > 0) log.info('registrations restored', { count: restored.length, graceMs: RETURN_GRACE_MS })
  const forget = clock.after(RETURN_GRACE_MS, () => {
    for (const { node } of restored) model.removeRegistration(node, '')
  })
  signal.addEventListener('abort', () => forget.cancel(), { once: true })
  const file = new SavedFile({ path, clock, log, content: () => formatRegistrations(model.registrations()) })
  model.onChange(() => file.touch(), signal)
  return file
}

async function readRegistrations(path: string, log: Log): Promise<Registration[]> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return []
  try {
    return parseRegistrations(text)
  } catch (error) {
    log.error('registrations not readable; proxies register anew', { path, error })
    return []
  }
}

function parseRegistrations(text: string): Registration[] {
  const saved: SavedJson = JSON.parse(text)
  const later = describeLaterFormat(saved.format, FORMAT)
  if (later !== undefined) throw new RangeError(later)
  return saved.registrations.map(({ node, state, reason }) => ({
    node: fromJson(NodeSchema, node, { ignoreUnknownFields: true }),
    owner: '',
    state,
    reason,
  }))
}

/** Those that drain are left out: they are about to go. */
function formatRegistrations(registrations: readonly Registration[]): string {
  const kept = registrations.filter(({ state }) => state !== 'draining')
  const saved: SavedJson = {
    format: FORMAT,
    registrations: kept.map(({ node, state, reason }) => ({ node: toJson(NodeSchema, node), state, reason })),
  }
  return `${JSON.stringify(saved, undefined, 1)}\n`
}
