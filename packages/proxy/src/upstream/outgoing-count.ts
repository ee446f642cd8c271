import type { Socket } from 'node:net'

/** How many connections the process has opened, from the attempt until the close. */
export class OutgoingCount {
  readonly #most: number
  #open = 0

  constructor(most: number) {
    this.#most = most
  }

  get isFull(): boolean {
    return this.#open >= this.#most
  }

  add(socket: Socket): void {
    this.#open += 1
    socket.once('close', this.#closed)
  }

  readonly #closed = (): void => {
    this.#open -= 1
  }
}
