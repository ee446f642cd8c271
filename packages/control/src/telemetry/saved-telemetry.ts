import { readFile } from 'node:fs/promises'
import { fromJson, toJson } from '@bufbuild/protobuf'
import { CertificateSchema } from '@heddle/api/telemetry'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { repeatEvery } from '@heddle/base/repeat-every'
import { describeLaterFormat } from '../state/later-format.ts'
import { SavedFile } from '../state/saved-file.ts'
import { type SavedCells, upgradeCells } from './rolling-totals.ts'
import type { Reporter } from './series-facts.ts'
import type { StoreSnapshot } from './store-snapshot.ts'
import type { TelemetryStore } from './telemetry-store.ts'

export interface SavedTelemetryOptions {
  readonly path: string
  readonly store: TelemetryStore
  /**
   * Whether an instance is still there. The counts of others are left out: a mesh that was ended and begins anew must
   * not show the traffic of its last life.
   */
  readonly isPresent: (reporter: Reporter) => boolean
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/** What is lost of history when the process is killed. */
const SAVE_EVERY_MS = 60_000
/** About 8 MB of text, written in some 100 ms; of a larger mesh only the coarse totals are kept, or none. */
const MAX_SAVED_CELLS = 50_000

/**
 * Gives the store what it knew before a restart, and from then on writes it down each minute: an upgrade of the control
 * plane leaves no hole in `heddle stat`.
 *
 * @returns the file, to be closed at the end
 */
export async function restoreTelemetry(options: SavedTelemetryOptions): Promise<SavedFile> {
  const { path, store, isPresent, clock, log, signal } = options
  const text = await readFile(path, 'utf8').catch(() => undefined)
  try {
    if (text !== undefined) store.restore(pick(parseSnapshot(text), isPresent))
  } catch (error) {
    log.warn('telemetry of before the restart not readable', { path, error })
  }
  const file = new SavedFile({ path, clock, log, content: () => formatSnapshot(store.save(MAX_SAVED_CELLS)) })
  repeatEvery(SAVE_EVERY_MS, () => file.touch(), { clock, signal })
  return file
}

function pick({ reporters, series }: StoreSnapshot, isPresent: (reporter: Reporter) => boolean): StoreSnapshot {
  return {
    reporters: reporters.filter(({ reporter }) => isPresent(reporter)),
    series: series.filter(({ facts }) => isPresent(facts.reporter)),
  }
}

/** What is written. Format 1 had no number, and no totals of gRPC. */
const FORMAT = 2

function formatSnapshot({ reporters, series }: StoreSnapshot): string {
  const known = reporters.map(({ certificate, sequence, ...rest }) => ({
    ...rest,
    sequence: String(sequence),
    certificate: certificate && toJson(CertificateSchema, certificate),
  }))
  return `${JSON.stringify({ format: FORMAT, reporters: known, series })}\n`
}

function parseSnapshot(text: string): StoreSnapshot {
  const { format, reporters, series }: StoreSnapshot & { format?: number } = JSON.parse(text, (key, value) => {
    if (key === 'sequence') return BigInt(value)
    return key === 'certificate' ? fromJson(CertificateSchema, value, { ignoreUnknownFields: true }) : value
  })
  if (format === FORMAT) return { reporters, series }
  if (format !== undefined) throw new RangeError(describeLaterFormat(format, FORMAT) ?? `its format is ${format}`)
  const upgrade = <T extends { readonly cells: readonly SavedCells[] }>(one: T): T => {
    return { ...one, cells: one.cells.map(upgradeCells) }
  }
  return { reporters: reporters.map(upgrade), series: series.map(upgrade) }
}
