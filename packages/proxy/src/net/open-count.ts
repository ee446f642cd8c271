/** How many things of a kind are open. */
export class OpenCount {
  #open = 0

  get open(): number {
    return this.#open
  }

  add(): void {
    this.#open += 1
  }

  remove(): void {
    this.#open -= 1
  }
}
