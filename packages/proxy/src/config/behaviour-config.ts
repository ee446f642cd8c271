import { LOG_LEVELS, type LogLevel } from '@heddle/base/log'
import type { Limits } from '../limits.ts'
import type { AccessLog } from '../listener-config.ts'
import { parseLimits } from './entries.ts'
import type { VariableTable } from './env-reader.ts'
import { type HealthCheck, parseHealthCheck } from './health-check.ts'
import { flag, integer, oneOf, optional, syntax } from './variable.ts'

/** What the proxy does by itself, how much of it, and how it ends. */
export interface BehaviourConfig {
  readonly healthCheck: HealthCheck | undefined
  readonly beforeDiscovery: 'refuse' | 'pass-through'
  readonly discoveryTimeoutMs: number
  readonly limits: Partial<Limits>
  readonly reportIntervalMs: number
  readonly drainDelayMs: number
  readonly drainMs: number
  readonly drainUntilIdle: boolean
  readonly logLevel: LogLevel
  readonly accessLog: AccessLog | 'json'
  readonly exitWithStdin: boolean
}

/** Names, defaults and limits of {@link BehaviourConfig}. */
export const BEHAVIOUR_VARIABLES: VariableTable<BehaviourConfig> = {
  healthCheck: optional(
    syntax(
      'HEDDLE_HEALTH_CHECK',
      {
        expects: "the JSON of a Workload's `healthCheck`",
        about: 'How the proxy asks its application whether it is well; unset: it is taken to be.',
      },
      parseHealthCheck,
    ),
  ),
  beforeDiscovery: oneOf('HEDDLE_BEFORE_DISCOVERY', ['refuse', 'pass-through'], {
    fallback: 'refuse',
    about: 'What becomes of outbound connections while the control plane has never been reached.',
  }),
  discoveryTimeoutMs: integer('HEDDLE_DISCOVERY_TIMEOUT_MS', {
    fallback: '3000',
    min: 10,
    max: 600_000,
    about: 'How long a request waits for the control plane to tell an unknown destination.',
  }),
  limits: syntax(
    'HEDDLE_LIMITS',
    {
      fallback: '',
      expects: 'limits like `connectMs=500,connections=1000`',
      about: 'What differs from the defaults of [the limits](limits.md).',
    },
    parseLimits,
  ),
  reportIntervalMs: integer('HEDDLE_REPORT_INTERVAL_MS', {
    fallback: '2000',
    min: 100,
    max: 600_000,
    about: 'How often counters are sent to the control plane, unless it asks otherwise.',
  }),
  drainDelayMs: integer('HEDDLE_DRAIN_DELAY_MS', {
    fallback: '1000',
    min: 0,
    max: 600_000,
    about: 'After SIGTERM: how long the proxy still accepts connections, while others learn that it is going.',
  }),
  drainMs: integer('HEDDLE_DRAIN_MS', {
    fallback: '5000',
    min: 0,
    max: 600_000,
    about: 'After that: how long open requests may go on.',
  }),
  drainUntilIdle: flag(
    'HEDDLE_DRAIN_UNTIL_IDLE',
    'With `1` the proxy goes on accepting during `HEDDLE_DRAIN_MS`, in both directions, until nothing has been open for a second: for an application that is told to end at the same moment and still has to finish its work.',
  ),
  logLevel: oneOf('HEDDLE_LOG_LEVEL', LOG_LEVELS, {
    fallback: 'info',
    about: 'Lines below this level are not written. Can be changed on the admin interface.',
  }),
  accessLog: oneOf('HEDDLE_ACCESS_LOG', ['off', 'failures', 'all', 'json'], {
    fallback: 'failures',
    about:
      'Which requests and opaque connections get a line of JSON on stderr when they end: none, those that failed in the mesh (connections: that reached no endpoint), or all. `json` is the former name of `all`.',
  }),
  exitWithStdin: flag(
    'HEDDLE_EXIT_WITH_STDIN',
    'With `1` the proxy ends as on SIGTERM when its standard input ends, so that it goes with whoever started it.',
  ),
}
