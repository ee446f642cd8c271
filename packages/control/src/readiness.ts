/** What the control plane still waits for before it can be asked anything. */
export class Readiness {
  readonly #waiting = new Set<string>()

  /** Why it is not ready, a few words each; empty when it is. */
  get reasons(): readonly string[] {
    return [...this.#waiting]
  }

  /** Not ready for this reason until `work` is done; it stays when `work` fails. */
  async during<T>(reason: string, work: Promise<T>): Promise<T> {
    this.#waiting.add(reason)
    const result = await work
    this.#waiting.delete(reason)
    return result
  }
}
