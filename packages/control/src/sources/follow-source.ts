import { formatProblem, type Problem } from '@heddle/api/manifest/problem'
import type { Log } from '@heddle/base/log'
import { formatProblems } from '../config/configuration-problems.ts'
import type { Model } from '../model/model.ts'
import type { Source, SourceStatus } from './source.ts'

interface Following {
  readonly log: Log
  readonly signal: AbortSignal
}

/** Hands the objects of the source to the model, and what its authors should know to the log, once each time it changes. */
export async function followSource(
  source: Source,
  model: Pick<Model, 'applyObjects'>,
  { log, signal }: Following,
): Promise<void> {
  const teller = new StatusTeller(source, log)
  const onStatus = (status: SourceStatus) => teller.tell(status)
  await source.start({ onChange: (change) => model.applyObjects(change), onStatus }, signal)
}

/** Says in the log what became different of a source's status. */
class StatusTeller {
  readonly #source: Pick<Source, 'objects' | 'refusesAlone'>
  readonly #log: Log
  #unread = ''
  #refused: string | undefined

  constructor(source: Pick<Source, 'objects' | 'refusesAlone'>, log: Log) {
    this.#source = source
    this.#log = log
  }

  tell({ problems, unread = [], appliedMs }: SourceStatus): void {
    this.#tellUnread(unread)
    const rest = problems.filter((problem) => !unread.includes(problem))
    // Before all was read once, nothing is in force.
    if (appliedMs > 0 || rest.length > 0) this.#tellRefused(rest)
  }

  /** Why something cannot be read is worded anew with each try. */
  #tellUnread(unread: readonly Problem[]): void {
    const before = this.#unread
    this.#unread = unread.map(({ file }) => file).join('\n')
    if (this.#unread === before) return
    if (unread.length > 0)
      this.#log.warn('configuration cannot be read at present', { problems: unread.map(formatProblem) })
    else this.#log.info('configuration can be read again')
  }

  #tellRefused(problems: readonly Problem[]): void {
    const text = problems.map(formatProblem).join('\n')
    if (text === this.#refused) return
    this.#refused = text
    const [errors, warnings] = [formatProblems(problems, 'error'), formatProblems(problems, 'warning')]
    const event = this.#source.refusesAlone === true ? 'objects refused' : 'configuration refused'
    if (errors.length > 0) this.#log.error(event, { problems: errors })
    if (warnings.length > 0) this.#log.warn('configuration has warnings', { warnings })
    if (errors.length === 0) this.#log.info('configuration is in force', { objects: this.#source.objects().length })
  }
}
