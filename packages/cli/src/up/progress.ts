import { LiveView } from '../output/live-view.ts'
import type { Terminal } from '../output/terminal.ts'

/**
 * What a long command says while it works: lines that stay, and on a terminal a block below them that changes. Elsewhere
 * lines go to stderr, so that stdout has results only.
 */
export class Progress {
  readonly #terminal: Terminal
  readonly #view: LiveView
  #block = ''

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    this.#view = new LiveView(terminal)
  }

  /** A line that stays. */
  line(text: string): void {
    if (!this.#terminal.isInteractive) {
      this.#terminal.note(text)
      return
    }
    this.#view.print(`${text}\n`)
    if (this.#block !== '') this.#view.show(this.#block)
  }

  /** Shows `text`, with its line end, in the block; only on a terminal. */
  block(text: string): void {
    if (!this.#terminal.isInteractive || text === this.#block) return
    this.#block = text
    this.#view.show(text)
  }

  /** Takes the block away. */
  clear(): void {
    if (this.#block !== '') this.#view.print('')
    this.#block = ''
  }

  /** Text that stays in place of the block; goes to stdout. */
  result(text: string): void {
    this.#block = ''
    this.#view.print(text)
  }
}
