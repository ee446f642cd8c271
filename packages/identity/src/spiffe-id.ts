/** Who a workload is: the three parts of `spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT`. */
export interface SpiffeId {
  readonly trustDomain: string
  readonly namespace: string
  readonly serviceAccount: string
}

/** SPIFFE-ID §2.1: lower-case letters, digits, dots, dashes and underscores. No port, no user, no escapes. */
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/
/** RFC 1123 label, as Kubernetes names namespaces. Without a dot: so the server name has one reading. */
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** RFC 1123 subdomain, as Kubernetes names service accounts. */
const SERVICE_ACCOUNT = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/
const MAX_SERVER_NAME = 253

/**
 * Reads a SPIFFE id of the one shape this mesh uses. There is a single spelling of each id, so ids are equal exactly
 * when their texts are; whatever else a URI could say (escapes, capitals, a query, a trailing slash) is no id.
 *
 * @returns the parts, or `undefined` when `text` is anything else
 */
export function parseSpiffeId(text: string): SpiffeId | undefined {
  const parts = text.split('/')
  if (parts.length !== 7) return undefined
  const [scheme, empty, trustDomain, ns, namespace, sa, serviceAccount] = parts
  if (scheme !== 'spiffe:' || empty !== '' || ns !== 'ns' || sa !== 'sa') return undefined
  const id = { trustDomain: trustDomain!, namespace: namespace!, serviceAccount: serviceAccount! }
  return problemOf(id) === undefined ? id : undefined
}

/**
 * Writes a SPIFFE id as {@link parseSpiffeId} reads it.
 *
 * @throws {RangeError} when a part has characters or a length that no id may have
 */
export function formatSpiffeId(id: SpiffeId): string {
  const problem = problemOf(id)
  if (problem !== undefined) throw new RangeError(problem)
  return `spiffe://${id.trustDomain}/ns/${id.namespace}/sa/${id.serviceAccount}`
}

/** Whether `text` may name a trust domain. */
export function isTrustDomain(text: string): boolean {
  return TRUST_DOMAIN.test(text)
}

/** The TLS server name under which a workload is asked for: `SERVICE_ACCOUNT.NAMESPACE.sa.TRUST_DOMAIN`. */
export function serverNameOf(id: SpiffeId): string {
  return `${id.serviceAccount}.${id.namespace}.sa.${id.trustDomain}`
}

function problemOf(id: SpiffeId): string | undefined {
  if (!TRUST_DOMAIN.test(id.trustDomain)) return `"${id.trustDomain}" is not a trust domain`
  if (!NAMESPACE.test(id.namespace)) return `"${id.namespace}" is not a namespace`
  if (!SERVICE_ACCOUNT.test(id.serviceAccount)) return `"${id.serviceAccount}" is not a service account`
  if (serverNameOf(id).length > MAX_SERVER_NAME) return `"${serverNameOf(id)}" is too long for a TLS server name`
  return undefined
}
