import type { Workload } from '@heddle/api/kinds/workload'
import type { Clock } from '@heddle/base/clock'
import type { PortPicker } from '../process/port-picker.ts'
import type { ProcessRecord } from '../process/process-record.ts'
import type { Site } from '../site/site.ts'
import type { ServicePorts, ServiceReference } from './environment.ts'
import type { JoinGrant } from './join-token.ts'
import type { ControlAccess } from './proxy-environment.ts'

/** What all instances of one Workload have in common, at one version of its manifest. */
export interface InstanceTemplate {
  readonly workload: Workload
  /** Absolute. */
  readonly workingDirectory: string
  readonly upstreams: readonly ServiceReference[]
  readonly servicePorts: ServicePorts
  /** Differs when an instance has to be replaced for the change to take effect. */
  readonly fingerprint: string
}

/** What instances need from outside. */
export interface InstanceDeps {
  readonly site: Site
  readonly control: Pick<ControlAccess, 'trustDomain' | 'identity'>
  mintToken(namespace: string, serviceAccount: string): Promise<JoinGrant>
  readonly ports: PortPicker
  readonly logDirectory: string
  readonly record: ProcessRecord
  readonly clock: Clock
  /** The user's environment, which applications inherit. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** `HEDDLE_*` variables for every proxy. */
  readonly proxyOverrides: Readonly<Record<string, string>>
  /** Gets one sentence about each thing a person should know. */
  report(line: string): void
}
