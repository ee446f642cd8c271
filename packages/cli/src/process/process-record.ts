import type { ProcessIdentity } from '@heddle/base/process-start'

/** What keeps track of processes, so that a crash of ours leaves none unknown. */
export interface ProcessRecord {
  addProcess(process: ProcessIdentity & { readonly role: string }): Promise<void>
  removeProcess(process: Pick<ProcessIdentity, 'pid'>): Promise<void>
}
