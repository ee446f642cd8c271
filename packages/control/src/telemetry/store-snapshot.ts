import type { HistoryTables } from './bounded-history.ts'
import { createKnownReporter, type KnownReporter } from './known-reporter.ts'
import type { RollingTotals, SavedCells } from './rolling-totals.ts'
import { type SeriesFacts, textOfFacts } from './series-facts.ts'

/** What a store knows, as plain values. */
export interface StoreSnapshot {
  readonly reporters: readonly (Omit<KnownReporter, 'covered'> & { readonly cells: readonly SavedCells[] })[]
  readonly series: readonly { readonly facts: SeriesFacts; readonly cells: readonly SavedCells[] }[]
}

/**
 * All that the tables hold, or as much as fits: without the finest totals, or without any.
 *
 * @param maxCells - how many totals of a time there may be
 */
export function takeSnapshot(tables: HistoryTables, maxCells: number): StoreSnapshot {
  const levels = [0, 1].find((first) => countCells(tables, first) <= maxCells)
  if (levels === undefined) return { reporters: [], series: [] }
  const cut = (rolling: RollingTotals) => rolling.save().map((cells, level) => (level < levels ? [] : cells))
  return {
    reporters: [...tables.reporters.all()].map(({ covered, ...known }) => ({ ...known, cells: cut(covered) })),
    series: [...tables.series.all()].map(({ facts, rolling }) => ({ facts, cells: cut(rolling) })),
  }
}

/**
 * Takes over what {@link takeSnapshot} gave, into tables that are empty.
 *
 * @throws {RangeError | TypeError} when it is something else; the tables are empty then
 */
export function restoreSnapshot(tables: HistoryTables, { reporters, series }: StoreSnapshot): void {
  try {
    for (const { cells, ...known } of reporters) {
      const { covered, ...fresh } = createKnownReporter(known.reporter, known.firstMs)
      covered.restore(cells)
      tables.reporters.set({ ...fresh, ...known, covered })
    }
    for (const { facts, cells } of series) tables.series.of(facts)?.rolling.restore(cells)
  } catch (error) {
    tables.series.keepOnly(() => false)
    tables.reporters.keepOnly(() => false)
    throw error
  }
}

/** What a series is about is written as well, and takes as much room as a cell for each 160 characters. */
const CELL_CHARACTERS = 160

function countCells({ series, reporters }: HistoryTables, firstLevel: number): number {
  let count = 0
  for (const { facts, rolling } of series.all()) {
    count += rolling.cellCountFrom(firstLevel) + Math.floor(textOfFacts(facts).length / CELL_CHARACTERS)
  }
  for (const { covered } of reporters.all()) count += covered.cellCountFrom(firstLevel)
  return count
}
