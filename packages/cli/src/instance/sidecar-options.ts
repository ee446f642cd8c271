import type { Clock } from '@heddle/base/clock'
import type { LogFile } from '../process/log-file.ts'
import type { ProcessRecord } from '../process/process-record.ts'
import type { Place, Runtime } from '../site/site.ts'
import type { JoinGrant } from './join-token.ts'
import type { ControlAccess, ProxyEnvironmentInput } from './proxy-environment.ts'

/** What a proxy beside an application is started with, and what it needs from outside. */
export interface SidecarOptions extends Omit<ProxyEnvironmentInput, 'control'> {
  readonly control: Omit<ControlAccess, 'trustBundleFile' | 'joinTokenFile'>
  readonly place: Place
  readonly runtime: Runtime
  /** A fresh join token, for each start of the proxy and when its certificate has expired. */
  mintToken(): Promise<JoinGrant>
  readonly output: LogFile
  readonly record: ProcessRecord
  readonly clock: Clock
  /** Gets one sentence about each thing a person should know. */
  report(line: string): void
}

/** For people, and for the record of processes. */
export function nameOfProxy({ identity }: Pick<SidecarOptions, 'identity'>): string {
  return `proxy of ${identity.instance}`
}
