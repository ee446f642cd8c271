import { GRPC_STATUS } from '@heddle/api/grpc-status'
import { PROXY_ERRORS, type ProxyErrorCode } from '@heddle/api/proxy-errors'

const SOURCES = {
  upstream: 'the destination',
  client: 'the client',
  mesh: 'the mesh',
  fault_injection: 'fault injection',
} as const

/** The text of docs/errors.md. */
export function renderErrorsPage(): string {
  const codes = (Object.keys(PROXY_ERRORS) as ProxyErrorCode[]).sort()
  return `# Errors of the proxy

Whenever the proxy answers a request itself, or breaks off a connection, it says why by one of these codes. The code is in
the response header \`heddle-error\`, in the field \`error\` of the proxy's log, and in the label \`error\` of the metrics.
Opaque connections have no header: they are closed or reset, with the code in log and metrics. Codes are never renamed.

Whoever speaks gRPC gets an answer of gRPC: status 200, the status of gRPC from the table in \`grpc-status\`, and what happened in
\`grpc-message\`, next to \`heddle-error\`. Once an answer has begun, these come as its trailers where that is possible; else the
stream is reset.

"Tried again" means that the proxy itself tries another endpoint, before it sent anything to the client.

| code | status | gRPC | where to look | tried again |
| --- | --- | --- | --- | --- |
${codes.map(toRow).join('\n')}

${codes.map(toSection).join('\n\n')}
`
}

function toRow(code: ProxyErrorCode): string {
  const { status, grpc, source, retryable } = PROXY_ERRORS[code]
  return `| [\`${code}\`](#${code}) | ${status} | ${grpc} (${GRPC_STATUS[grpc]}) | ${SOURCES[source]} | ${retryable ? 'yes' : 'no'} |`
}

function toSection(code: ProxyErrorCode): string {
  const { meaning, hint } = PROXY_ERRORS[code]
  return `## ${code}\n${meaning} ${hint}`
}
