import { DECISION_QUERY_LIMITS } from '@heddle/api/decision-query-limits'
import type { DecisionQueryJson, DecisionRecordJson } from '@heddle/api/discovery/decision'
import type { Log } from '@heddle/base/log'
import type { ControlClient } from '../control/control-client.ts'
import { ANSWER_QUERY } from '../control/rpc.ts'
import { splitBySize } from '../control/split-by-size.ts'

/** Finds the records that fit a query, newest first. */
export type FindRecords = (query: DecisionQueryJson) => readonly DecisionRecordJson[]

export interface AnsweringDeps {
  readonly control: ControlClient
  readonly log: Log
  readonly find: FindRecords
}

/** A call may have 1 MiB; half of it leaves room for what is around the records. */
const MAX_PART_BYTES = 512 * 1024

/** Answers what the control plane asks, one query after the other, in as many parts as the size of a call demands. */
export class QueryAnswers {
  readonly #deps: AnsweringDeps
  readonly #waiting: AskedQuery[] = []
  #isAnswering = false

  constructor(deps: AnsweringDeps) {
    this.#deps = deps
  }

  /** What would wait behind too many others is not answered: whoever asks has given up by then. */
  answer(streamId: string, queries: readonly DecisionQueryJson[]): void {
    for (const query of queries)
      if (this.#waiting.length < DECISION_QUERY_LIMITS.mostOpen) this.#waiting.push({ streamId, query })
    if (this.#isAnswering) return
    this.#isAnswering = true
    void this.#answerAll()
  }

  async #answerAll(): Promise<void> {
    for (let asked = this.#waiting.shift(); asked !== undefined; asked = this.#waiting.shift()) {
      try {
        await this.#answerOne(asked)
      } catch (error) {
        // Whoever asked is told who was silent.
        this.#deps.log.debug('query not answered', { error: String(error) })
      }
    }
    this.#isAnswering = false
  }

  async #answerOne({ streamId, query }: AskedQuery): Promise<void> {
    const { control, find } = this.#deps
    const parts = splitBySize(find(query), MAX_PART_BYTES)
    const { queryId = '' } = query
    for (const [index, records] of parts.entries()) {
      await control.call(ANSWER_QUERY, { streamId, queryId, records, hasMore: index < parts.length - 1 })
    }
  }
}

interface AskedQuery {
  readonly streamId: string
  readonly query: DecisionQueryJson
}
