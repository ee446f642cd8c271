import type { Variable, VariableTable } from './env-reader.ts'
import { SIDECAR_ENVIRONMENT, type SidecarConfig } from './sidecar-config.ts'

/** Writes docs/reference/proxy-environment.md, so that the page and the proxy cannot disagree. */
export function renderEnvironmentReference(): string {
  return `${HEAD}\n${rows(SIDECAR_ENVIRONMENT).join('\n')}\n${TAIL}`
}

function rows(table: VariableTable<SidecarConfig>): string[] {
  return Object.values<Variable<unknown>>(table).map((variable) => {
    const { name, fallback, expects, about } = variable
    return `| \`${name}\` | ${formatFallback(fallback)} | ${escapeCell(expects)} | ${escapeCell(about)} |`
  })
}

function formatFallback(fallback: string | undefined): string {
  if (fallback === undefined) return '**required**'
  return fallback === '' ? '–' : `\`${escapeCell(fallback)}\``
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|')
}

const HEAD = `# Environment of a proxy

A proxy reads its configuration once, at its start, from environment variables; all else it learns from the control
plane. \`heddle up\`, \`heddle run\` and injection on Kubernetes set them. A proxy with invalid variables lists all of them on stderr and ends
with exit status 2. An empty variable counts as unset.

| variable | default | expects | what for |
| --- | --- | --- | --- |`

const TAIL = `
## What it writes
On stdout a proxy writes JSON, one object a line. Logs go to stderr, also as JSON lines.

When all listeners are bound, once:

\`\`\`json
{"event":"listening","inbound":["0.0.0.0:15006"],"outbound":[{"address":"0.0.0.0:15001"}],"ports":[],"admin":"127.0.0.1:15000"}
\`\`\`

In explicit mode each upstream and each port says where it listens, in the order of the variables:

\`\`\`json
{"event":"listening","inbound":[],"outbound":[{"key":"name:voting-svc.emojivote:8080","address":"127.0.0.1:40101"}],"ports":[{"name":"http","port":8080,"listen":"127.0.0.1:40102"}],"admin":"127.0.0.1:40103"}
\`\`\`

With \`HEDDLE_PROBE_ADDRESS\` there is also \`"probe"\`, the address where probes are answered.

When it has a certificate, is registered and has applied what the control plane told it first, once:

\`\`\`json
{"event":"ready"}
\`\`\`

Whenever a certificate can only be had by another join token: there is none in \`HEDDLE_JOIN_TOKEN_FILE\`, or the control plane
refuses it. The file is read again at each try, at most 30 seconds apart, so whoever put a new token there need not start the
proxy anew:

\`\`\`json
{"event":"token_wanted","reason":"the join token was used already"}
\`\`\`

## How it ends
- SIGTERM or SIGINT (and, with \`HEDDLE_EXIT_WITH_STDIN=1\`, the end of standard input): the control plane is told that the instance drains; for
  \`HEDDLE_DRAIN_DELAY_MS\` the proxy goes on accepting while others learn it; then it stops accepting, and open
  requests may go on for \`HEDDLE_DRAIN_MS\`. Exit status 0. With \`HEDDLE_DRAIN_UNTIL_IDLE=1\` it accepts for that time too, in both directions,
  and ends once the application has held no connection, and nobody waited for an answer of it, for a second.
- A second signal ends it at once, with exit status 130 (SIGINT) or 143 (SIGTERM).
- Exit status 2: the configuration is invalid. Exit status 1: any other failure, such as a port that is taken; the
  last lines of stderr say why.

## Health check
\`HEDDLE_HEALTH_CHECK\` has the shape of a Workload's \`healthCheck\`, which is that of a Kubernetes probe:

\`\`\`json
{"httpGet":{"path":"/healthz","port":8080},"initialDelaySeconds":0,"periodSeconds":10,"timeoutSeconds":1,"failureThreshold":3,"successThreshold":1}
\`\`\`

\`tcpSocket\` with a \`port\` asks only for a connection. \`port\` is the number or the name of one of \`HEDDLE_PORTS\`. The
proxy asks its application directly, and tells the control plane when the answer changes: an instance that is not well
gets no new requests.
`
