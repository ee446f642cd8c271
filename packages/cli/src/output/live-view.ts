import type { Terminal } from './terminal.ts'

/**
 * Text that changes in place on a terminal, and is written one after the other elsewhere. Used by everything that
 * watches.
 */
export class LiveView {
  readonly #terminal: Terminal
  #shownLines = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Shows `text` in place of what was shown before. `text` ends with a line end. */
  show(text: string): void {
    if (!this.#terminal.isInteractive) {
      this.#terminal.write(text)
      return
    }
    const lines = fitToScreen(text, this.#terminal)
    this.#terminal.write(`${this.#erase()}${lines.join('\n')}\n`)
    this.#shownLines = lines.length
  }

  /** Writes `text` above what is shown and shows nothing until the next {@link show}. */
  print(text: string): void {
    this.#terminal.write(`${this.#erase()}${text}`)
    this.#shownLines = 0
  }

  /** Leaves what is shown where it is. */
  done(): void {
    this.#shownLines = 0
  }

  #erase(): string {
    return this.#shownLines === 0 ? '' : `\u001b[${this.#shownLines}F\u001b[0J`
  }
}

/** A line that wraps, or more lines than the screen has, would make the way back up too short. */
function fitToScreen(text: string, terminal: Terminal): string[] {
  const lines = text.replace(/\n$/, '').split('\n')
  return lines.slice(0, Math.max(1, terminal.rows - 1)).map((line) => cut(line, terminal.columns))
}

const ESC = '\u001b'

function cut(line: string, columns: number): string {
  let width = 0
  for (let at = 0; at < line.length; at++) {
    if (line[at] === ESC) {
      at = line.indexOf('m', at)
      if (at === -1) return line
      continue
    }
    width += 1
    if (width > columns) return `${line.slice(0, at)}${line.includes(ESC) ? `${ESC}[0m` : ''}`
  }
  return line
}
