import { widthOf } from './style.ts'

/** A column: its heading, and how a row shows in it. */
export interface Column<Row> {
  /** Upper case, as kubectl writes it. */
  readonly title: string
  readonly cell: (row: Row) => string
  /** Numbers read better to the right; text to the left, which is the default. */
  readonly align?: 'left' | 'right'
  /** Shown only with `-o wide`. */
  readonly isWide?: boolean
}

export interface TableOptions {
  readonly isWide?: boolean
  /** Leaves the headings out, as `kubectl --no-headers` does. */
  readonly hasNoHeaders?: boolean
}

const GAP = '   '

/** Aligned columns with a heading, three spaces apart and without spaces at line ends; each line ends with `\n`. */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: TableOptions = {},
): string {
  const shown = columns.filter((column) => column.isWide !== true || options.isWide === true)
  const cells = rows.map((row) => shown.map((column) => column.cell(row) || '-'))
  const lines = options.hasNoHeaders === true ? cells : [shown.map((column) => column.title), ...cells]
  const widths = shown.map((_, i) => Math.max(0, ...lines.map((line) => widthOf(line[i]!))))
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, i) => pad(cell, widths[i]!, shown[i]!))
          .join(GAP)
          .trimEnd()}\n`,
    )
    .join('')
}

function pad(cell: string, width: number, column: { readonly align?: 'left' | 'right' }): string {
  const space = ' '.repeat(width - widthOf(cell))
  return column.align === 'right' ? space + cell : cell + space
}
