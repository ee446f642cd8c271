import type { Problem } from '@heddle/api/manifest/problem'
import { KubeError } from '@heddle/kube/client'
import type { Draft } from './read-drafts.ts'

/** What is the manifest's fault; all else is the user's rights or the cluster. */
const REFUSALS: ReadonlySet<number> = new Set([400, 404, 409, 413, 422])
/** How a server-side apply says that a kind has no such field: with status 500, and no causes. */
const BY_SCHEMA = /^failed to create typed patch object \([^)]*\): (?:errors:\s*)?\./
const BY_WEBHOOK = /^admission webhook "([^"]+)" denied the request: /

/**
 * The problems of an object for which the API server, or a webhook that it asked, refused it, with their places in the file;
 * `undefined`: it was refused for another reason.
 */
export function readRefusal(error: unknown, { raw }: Draft): readonly Problem[] | undefined {
  if (!(error instanceof KubeError)) return undefined
  const { status, message, details } = error
  const webhook = BY_WEBHOOK.exec(message)
  if (BY_SCHEMA.test(message)) return readSchemaFaults(message).map((one) => raw.problem({ severity: 'error', ...one }))
  if (!REFUSALS.has(status) && webhook === null) return undefined
  const causes = (details.causes ?? []).filter((cause) => cause.message !== undefined)
  const findings =
    causes.length > 0
      ? causes.map((cause) => ({ path: parseField(cause.field ?? ''), reason: cause.message! }))
      : [{ path: [], reason: webhook === null ? message : message.slice(webhook[0].length) }]
  return findings.map((finding) => raw.problem({ severity: 'error', ...finding }))
}

function readSchemaFaults(message: string): readonly Finding[] {
  return [...message.matchAll(/(?<=\s)(\.[^\s:]+): ([^\n]+)/g)].map(([, field = '', reason = '']) => ({
    path: parseField(field),
    reason,
  }))
}

interface Finding {
  readonly path: readonly (string | number)[]
  readonly reason: string
}

/** Reads `spec.rules[0].name` and `metadata.labels[app.kubernetes.io/name]` as a path. */
export function parseField(field: string): readonly (string | number)[] {
  return [...field.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, inner, name]) => {
    if (inner === undefined) return name!
    return /^\d+$/.test(inner) ? Number(inner) : inner.replace(/^"(.*)"$/, '$1')
  })
}
