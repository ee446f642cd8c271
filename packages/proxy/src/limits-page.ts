import { LIMITS, type LimitName } from './limits.ts'

/** Of those that refuse and end nothing that anybody waits for. */
const UNCOUNTED = 'not counted'

/** The limits that `heddle_limit_reached_total` does not name. */
const COUNTED_OTHERWISE: Partial<Record<LimitName, string>> = {
  requestHeadBytes: '`heddle_protocol_faults_total{fault="head_too_large"}`',
  responseHeadBytes: '`heddle_errors_total{error="upstream_protocol_error"}`',
  connectTries: '`heddle_errors_total`, by what the last try failed of',
  connectionStreams: '`heddle_protocol_faults_total{fault="too_many_streams"}`',
  streamResets: '`heddle_protocol_faults_total{fault="rapid_reset"}`',
  endpointExpected: 'as `endpointPending`',
  replayBytes: UNCOUNTED,
  decisionBytes: UNCOUNTED,
  decisionSlowMs: UNCOUNTED,
  keepAliveMs: UNCOUNTED,
  poolIdleMs: UNCOUNTED,
  poolPlainIdleMs: UNCOUNTED,
  avoidFirstMs: UNCOUNTED,
  avoidLastMs: UNCOUNTED,
  endpointStreams: UNCOUNTED,
  pingAfterMs: UNCOUNTED,
  lingerMs: UNCOUNTED,
}

/** The text of docs/reference/limits.md. */
export function renderLimitsPage(): string {
  const names = Object.keys(LIMITS) as LimitName[]
  return `# Limits of the proxy

Nothing in the data path waits or grows without bound. These are the bounds and their defaults. A sidecar gets others by
[\`HEDDLE_LIMITS\`](proxy-environment.md) (\`HEDDLE_LIMITS=connectMs=500,connections=1000\`), a static proxy by \`limits\` in its
[file](../tasks/run-a-static-proxy.md). HTTP has further ones that are fixed: see [HTTP/1](http1.md#limits) and
[HTTP/2](http2.md#limits-of-a-connection).

Each time one is reached, \`heddle_limit_reached_total{limit="NAME"}\` on the admin port's \`/metrics\` grows by one; the last column names
those that are counted elsewhere, or that are not counted since they refuse and end nothing that anybody waits for.

Deadlines of a second or more are looked at once a second, so they may come up to two seconds late, never early.

| limit | default | unit | what it bounds | counter, if another |
| --- | --- | --- | --- | --- |
${names.map(toRow).join('\n')}
`
}

function toRow(name: LimitName): string {
  const { default: value, unit, doc } = LIMITS[name]
  return `| \`${name}\` | ${value} | ${unit} | ${doc} | ${COUNTED_OTHERWISE[name] ?? ''} |`
}
