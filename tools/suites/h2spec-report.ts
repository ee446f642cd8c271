import type { CaseOutcome } from './outcome.ts'

/**
 * Reads the report that h2spec wrote with `--junit-report`. Skipped cases count as failed: h2spec skips what a peer does not
 * offer, and a proxy is to offer all of it.
 *
 * @param target - what was tested, for the names of the cases
 */
export function readH2specReport(xml: string, target: string): readonly CaseOutcome[] {
  return [...xml.matchAll(/<testcase ([^>]*)>([\s\S]*?)<\/testcase>/g)].map(([, head = '', body = '']) => ({
    name: `${target}: ${attribute(head, 'package')} ${attribute(head, 'classname')}`,
    passed: !/<(failure|error|skipped)\b/.test(body),
    detail: toDetail(body),
    tookMs: Number(attribute(head, 'time')) * 1000,
  }))
}

/** h2spec lists what would have been right, then what came. */
function toDetail(body: string): string {
  if (/<skipped\b/.test(body)) return 'skipped'
  const lines = /<(?:failure|error)>([\s\S]*?)<\//.exec(body)?.[1]?.split('\n') ?? []
  const got = lines.pop()
  return got === undefined ? '' : `expected: ${lines.join(', or ')}\n     got: ${got}`
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', '#34': '"', quot: '"', '#39': "'" }

function attribute(head: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(head)?.[1] ?? ''
  return value.replaceAll(/&([^;]+);/g, (entity, key: string) => ENTITIES[key] ?? entity)
}
