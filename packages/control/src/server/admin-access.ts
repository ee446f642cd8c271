import { createHash, timingSafeEqual } from 'node:crypto'
import { Code } from '@connectrpc/connect'
import type { AdminService } from '@heddle/api/admin'

/** A call of the admin service, before it is read. */
export interface AdminCall {
  /** The header of that name. */
  readonly authorization: string | null
  /** As in {@link ADMIN_METHODS}. */
  readonly method: string
  /** The address that it came from. */
  readonly source: string
}

/** Why a call is refused before it is read. */
export interface AccessRefusal {
  /** One word for metrics. */
  readonly reason: string
  readonly detail: string
  readonly code: Code
}

/** Decides who may call the admin service. */
export interface AdminAccess {
  /** `undefined`: the call may be read. */
  refusalOf(call: AdminCall): Promise<AccessRefusal | undefined>
}

/** What a call does: one that changes nothing may be made by more people. */
export const ADMIN_METHODS: Readonly<Record<keyof typeof AdminService.method, 'read' | 'change'>> = {
  getVersion: 'read',
  stat: 'read',
  edges: 'read',
  listEndpoints: 'read',
  listWorkloads: 'read',
  listServices: 'read',
  listProxies: 'read',
  getHealth: 'read',
  createJoinToken: 'change',
  changeRoot: 'change',
  listObjects: 'read',
  getObject: 'read',
  getDestination: 'read',
  planObjects: 'read',
  applyObjects: 'change',
  getApplied: 'read',
  listDecisions: 'read',
}

/** Whether a method changes something; one that is not known is taken to. */
export function changes(method: string): boolean {
  return ADMIN_METHODS[method as keyof typeof ADMIN_METHODS] !== 'read'
}

/** The token of a bearer; `undefined`: the header is something else. */
export function bearerOf(authorization: string): string | undefined {
  return /^Bearer ([^\s]+)$/i.exec(authorization)?.[1]
}

/** Lets the bearer of one token do everything: for a mesh of one host. */
export function sharedTokenAccess(adminToken: string): AdminAccess {
  const expected = digest(`Bearer ${adminToken}`)
  return {
    async refusalOf({ authorization }) {
      if (authorization === null) return NO_TOKEN
      // Digests are compared, so that neither length nor content of the token shows in the time it takes.
      if (timingSafeEqual(digest(authorization), expected)) return undefined
      const detail = 'the bearer token is not the admin token of this control plane'
      return { reason: 'wrong_token', detail, code: Code.Unauthenticated }
    },
  }
}

/** Nothing was shown. */
const NO_TOKEN: AccessRefusal = {
  reason: 'no_token',
  detail: 'the admin token is needed as bearer token',
  code: Code.Unauthenticated,
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
