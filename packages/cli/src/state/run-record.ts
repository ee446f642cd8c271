import { rm } from 'node:fs/promises'
import { messageOf } from '@heddle/base/message-of'
import { startTimeOf } from '@heddle/base/process-start'
import { CliError } from '../cli-error.ts'
import { EMPTY_RUN_STATE, isEmptyRunState, type RunState, replaceFile, type StartedProcess } from './run-state.ts'

type Kind = Exclude<keyof RunState, 'processes' | 'owner' | 'copies'>

/**
 * The run state on disk, one change after the other. What is to be made is recorded before it is made, so that a crash
 * in between leaves nothing unknown.
 */
export class RunRecord {
  readonly #files: string[]
  #state: RunState
  #writing: Promise<unknown> = Promise.resolve()

  constructor(file: string) {
    this.#files = [file]
    this.#state = { ...EMPTY_RUN_STATE, owner: { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' } }
  }

  /** Keeps a second copy from now on, for those who find it should the first one get lost. */
  mirrorTo(file: string): void {
    this.#files.push(file)
    this.#state = { ...this.#state, copies: this.#files.slice(1) }
  }

  get state(): RunState {
    return this.#state
  }

  /** @throws {CliError} when it cannot be written; then the thing must not be made */
  add<K extends Kind>(kind: K, item: RunState[K][number]): Promise<void> {
    this.#state = { ...this.#state, [kind]: [...this.#state[kind], item] }
    return this.#write()
  }

  /** To be called once the thing is gone. */
  remove<K extends Kind>(kind: K, item: RunState[K][number]): Promise<void> {
    const kept = (this.#state[kind] as readonly RunState[K][number][]).filter((other) => other !== item)
    this.#state = { ...this.#state, [kind]: kept }
    return this.#write()
  }

  /** Forgets everything. */
  clear(): Promise<void> {
    this.#state = { ...this.#state, ...EMPTY_RUN_STATE }
    return this.#write()
  }

  /** A process is recorded after its start, since only then its id is known. */
  addProcess(process: StartedProcess): Promise<void> {
    this.#state = { ...this.#state, processes: [...this.#state.processes, process] }
    return this.#write()
  }

  removeProcess(process: { readonly pid: number }): Promise<void> {
    const processes = this.#state.processes.filter((other) => other.pid !== process.pid)
    this.#state = { ...this.#state, processes }
    return this.#write()
  }

  #write(): Promise<void> {
    const written = this.#writing.then(() => this.#replace())
    this.#writing = written.catch(() => {})
    return written
  }

  async #replace(): Promise<void> {
    const text = JSON.stringify(this.#state, null, 1)
    for (const file of this.#files) {
      try {
        if (isEmptyRunState(this.#state)) await rm(file, { force: true })
        else await replaceFile(file, text)
      } catch (error) {
        throw new CliError(`cannot write ${file}: ${messageOf(error)}`, { cause: error })
      }
    }
  }
}
