import { Code, ConnectError } from '@connectrpc/connect'
import type { Node } from '@heddle/api/discovery'
import { type Instance, type InstanceRef, instanceKey } from '../model/instance.ts'
import type { OpenStream, StreamCaller, StreamTable } from './stream-table.ts'

/** @throws {ConnectError} permissionDenied: the certificate of the caller is another's */
export function requireOwn(caller: StreamCaller, ref: InstanceRef & { readonly serviceAccount: string }): void {
  if (caller.namespace === ref.namespace && caller.serviceAccount === ref.serviceAccount) return
  const wanted = `namespace ${ref.namespace} and service account ${ref.serviceAccount}`
  throw new ConnectError(`${caller.spiffeId} may not speak for ${wanted}`, Code.PermissionDenied)
}

/**
 * A name belongs to the identity that has it, as long as it is registered.
 *
 * @param present - who has the name of `node`
 * @throws {ConnectError} alreadyExists: it is another's
 */
export function requireFree(node: Node, present: Instance | undefined): void {
  if (present === undefined || !present.meshed || present.serviceAccount === node.serviceAccount) return
  throw new ConnectError(`${instanceKey(node)} is an instance of another service account`, Code.AlreadyExists)
}

/**
 * @param open - streams that the identity has
 * @throws {ConnectError} resourceExhausted: they are as many as it may have
 */
export function requireRoom({ spiffeId }: StreamCaller, open: number, limit: number): void {
  if (open < limit) return
  throw new ConnectError(`${spiffeId} has ${open} streams, which is the limit`, Code.ResourceExhausted)
}

/** @throws {ConnectError} notFound: no such stream, as after a restart of the control plane; permissionDenied: it is another's */
export function findOwn(id: string, caller: StreamCaller, streams: StreamTable): OpenStream {
  const opened = streams.byId(id)
  if (opened === undefined) throw new ConnectError(`no stream ${id}; open one with Watch`, Code.NotFound)
  requireOwn(caller, opened.stream.node)
  return opened
}
