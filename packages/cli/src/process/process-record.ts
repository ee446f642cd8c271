import { messageOf } from '@heddle/base/message-of'
import type { ProcessIdentity } from '@heddle/base/process-start'

/** What keeps track of processes, so that a crash of ours leaves none unknown. */
export interface ProcessRecord {
  addProcess(process: RecordedProcess): Promise<void>
  removeProcess(process: Pick<ProcessIdentity, 'pid'>): Promise<void>
}

interface RecordedProcess extends ProcessIdentity {
  readonly role: string
}

interface Recorder {
  readonly record: ProcessRecord
  report(line: string): void
}

/**
 * Records a process that runs by now. Where that fails, as on a full disk, it goes on all the same and is looked after: the record is for
 * cleaning up after a crash of ours, and what it lacks is written with its next change.
 */
export async function recordProcess({ record, report }: Recorder, process: RecordedProcess): Promise<void> {
  await record
    .addProcess(process)
    .catch((error: unknown) => report(`${process.role} runs, but is not recorded: ${messageOf(error)}`))
}
