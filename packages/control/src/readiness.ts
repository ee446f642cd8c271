/** What the control plane still waits for before it can be asked anything. */
export class Readiness {
  readonly #waiting = new Map<string, () => readonly string[]>()

  /** Why it is not ready, a few words each, and the details of it; empty when it is. */
  get reasons(): readonly string[] {
    return [...this.#waiting].flatMap(([reason, details]) => [reason, ...details()])
  }

  /**
   * Not ready for this reason until `work` is done; it stays when `work` fails.
   *
   * @param details - what is known of why it takes so long
   */
  async during<T>(reason: string, work: Promise<T>, details: () => readonly string[] = () => []): Promise<T> {
    this.#waiting.set(reason, details)
    const result = await work
    this.#waiting.delete(reason)
    return result
  }
}
