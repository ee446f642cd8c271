import { FairRoom } from '@heddle/base/fair-room'

/** The place of a question, until {@link Turn.leave}. */
export interface Turn {
  /** Aborted when the place went to another. */
  readonly signal: AbortSignal
  /** To be called when it turns out to be a large one. @returns whether there is a place for it */
  enlarge(): boolean
  leave(): void
}

const MAX_QUESTIONS = 128
/** Those of up to 7 MiB each; what people make has some kilobytes. */
const MAX_LARGE = 4

/**
 * Who is asked at a time. Nobody proves to a webhook that he is the API server, and every pod can connect: so each address has its
 * share of places, and of memory.
 */
export class QuestionRooms {
  readonly #all = new FairRoom({ places: MAX_QUESTIONS, evenly: 'newcomer' })
  readonly #large = new FairRoom({ places: MAX_LARGE, evenly: 'newcomer' })

  /** @returns `undefined`: there is no place */
  enter(source: string): Turn | undefined {
    const ousted = new AbortController()
    const oust = () => ousted.abort()
    const leave = this.#all.enter(source, oust)
    if (leave === undefined) return undefined
    const ends = [leave]
    return {
      signal: ousted.signal,
      enlarge: () => {
        const leaveLarge = this.#large.enter(source, oust)
        if (leaveLarge !== undefined) ends.push(leaveLarge)
        return leaveLarge !== undefined
      },
      leave: () => {
        for (const end of ends) end()
      },
    }
  }
}
