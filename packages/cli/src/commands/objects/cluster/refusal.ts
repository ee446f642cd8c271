import type { Problem } from '@heddle/api/manifest/problem'
import { KubeError } from '@heddle/kube/client'
import type { Draft } from './read-drafts.ts'

/** What is the manifest's fault; all else is the user's rights or the cluster. */
const REFUSALS: ReadonlySet<number> = new Set([400, 404, 409, 413, 422])
const BY_WEBHOOK = /^admission webhook "([^"]+)" denied the request: /

/**
 * The problems of an object for which the API server, or a webhook that it asked, refused it, with their places in the file;
 * `undefined`: it was refused for another reason.
 */
export function readRefusal(error: unknown, { raw }: Draft): readonly Problem[] | undefined {
  if (!(error instanceof KubeError)) return undefined
  const { status, message, details } = error
  const webhook = BY_WEBHOOK.exec(message)
  if (!REFUSALS.has(status) && webhook === null) return undefined
  const causes = (details.causes ?? []).filter((cause) => cause.message !== undefined)
  const findings =
    causes.length > 0
      ? causes.map((cause) => ({ path: parseField(cause.field ?? ''), reason: cause.message! }))
      : [{ path: [], reason: webhook === null ? message : message.slice(webhook[0].length) }]
  return findings.map((finding) => raw.problem({ severity: 'error', ...finding }))
}

/** Reads `spec.rules[0].name` and `metadata.labels[app.kubernetes.io/name]` as a path. */
export function parseField(field: string): readonly (string | number)[] {
  return [...field.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, inner, name]) => {
    if (inner === undefined) return name!
    return /^\d+$/.test(inner) ? Number(inner) : inner.replace(/^"(.*)"$/, '$1')
  })
}
