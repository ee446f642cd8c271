/** How many may be in a room, and what becomes of them. */
export interface FairRoomOptions {
  readonly places: number
  /** How many of them one source may have, however many are free: who comes beyond has the place of its own oldest. All unless given. */
  readonly perSource?: number
  /**
   * When nobody has more places than the source of who comes would have then: `oldest`, for what only waits, as connections do;
   * `newcomer`, for work that is nearer to its end the longer it is there.
   */
  readonly evenly: 'oldest' | 'newcomer'
}

interface Guest {
  readonly oust: () => void
}

/**
 * Room for so many at once that no source of them can take from the others: who comes when it is full gets the place of the oldest of
 * the source that has the most. So whoever floods it keeps out himself.
 */
export class FairRoom {
  readonly #options: FairRoomOptions
  /** Sources in the order of their first guest, guests in the order in which they came. */
  readonly #guests = new Map<string, Set<Guest>>()
  #size = 0

  constructor(options: FairRoomOptions) {
    this.#options = options
  }

  /** How many are in it. */
  get size(): number {
    return this.#size
  }

  /**
   * @param source - for example an IP address
   * @param oust - called when the place goes to another
   * @returns gives the place back, once or more often; `undefined`: there is none
   */
  enter(source: string, oust: () => void): (() => void) | undefined {
    const { places, perSource = Number.POSITIVE_INFINITY } = this.#options
    if (this.#countOf(source) >= perSource) this.#oustOldest(source)
    else if (this.#size >= places && !this.#makeRoom(source)) return undefined
    const guest: Guest = { oust }
    const own = this.#guests.get(source) ?? new Set()
    this.#guests.set(source, own.add(guest))
    this.#size += 1
    return () => this.#remove(source, guest)
  }

  #makeRoom(source: string): boolean {
    const busiest = this.#busiest()
    const most = this.#countOf(busiest)
    const after = this.#countOf(source) + 1
    if (after >= most && this.#options.evenly === 'newcomer') return false
    return this.#oustOldest(after > most ? source : busiest)
  }

  /** @returns whether there was one */
  #oustOldest(source: string): boolean {
    const [oldest] = this.#guests.get(source) ?? []
    if (oldest === undefined) return false
    this.#remove(source, oldest)
    oldest.oust()
    return true
  }

  #busiest(): string {
    let busiest = ''
    let most = 0
    for (const [source, { size }] of this.#guests) {
      if (size <= most) continue
      busiest = source
      most = size
    }
    return busiest
  }

  #countOf(source: string): number {
    return this.#guests.get(source)?.size ?? 0
  }

  #remove(source: string, guest: Guest): void {
    const own = this.#guests.get(source)
    if (own?.delete(guest) !== true) return
    this.#size -= 1
    if (own.size === 0) this.#guests.delete(source)
  }
}
