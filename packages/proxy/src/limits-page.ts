import { LIMITS, type LimitName } from './limits.ts'

/** The text of docs/reference/limits.md. */
export function renderLimitsPage(): string {
  const names = Object.keys(LIMITS) as LimitName[]
  return `# Limits of the proxy

Nothing in the data path waits or grows without bound. These are the bounds and their defaults. Each time one is reached,
\`heddle_limit_reached_total{limit="NAME"}\` on the admin port's \`/metrics\` grows by one. A static proxy's file sets them under
\`limits\`.

Deadlines of a second or more are looked at once a second, so they may come up to two seconds late, never early.

| limit | default | unit | what it bounds |
| --- | --- | --- | --- |
${names.map(toRow).join('\n')}
`
}

function toRow(name: LimitName): string {
  const { default: value, unit, doc } = LIMITS[name]
  return `| \`${name}\` | ${value} | ${unit} | ${doc} |`
}
