/** Wraps text in a colour, or leaves it as it is where colours have no place. */
export interface Style {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
}

type Env = Readonly<Record<string, string | undefined>>

/** Colours only on a terminal, and never with NO_COLOR (https://no-color.org) or TERM=dumb. */
export function styleFor(isTerminal: boolean, env: Env): Style {
  const isWanted = (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb'
  return isTerminal && isWanted ? COLORED : PLAIN
}

const plain = (text: string): string => text

/** No colours. */
export const PLAIN: Style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain }

const sgr =
  (on: number, off: number) =>
  (text: string): string =>
    `\u001b[${on}m${text}\u001b[${off}m`

const COLORED: Style = { bold: sgr(1, 22), dim: sgr(2, 22), red: sgr(31, 39), green: sgr(32, 39), yellow: sgr(33, 39) }

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g')

/** How many columns `text` takes on a terminal, colours not counted. */
export function widthOf(text: string): number {
  return [...text.replace(ESCAPES, '')].length
}
