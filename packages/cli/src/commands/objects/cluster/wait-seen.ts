import { Code, ConnectError } from '@connectrpc/connect'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import type { Clock } from '@heddle/base/clock'
import type { KubeObject } from '@heddle/kube/client'
import type { ControlClient } from '../../../client/control-client.ts'
import { OBJECT_KINDS } from '../object-argument.ts'

/** The control plane hears of a change within milliseconds; after so long something is wrong with it. */
const WAIT_MS = 5_000
const ASK_EVERY_MS = 100

/** Objects as the API server has them; `undefined` stands for what is gone. */
export type WrittenObjects = ReadonlyMap<ObjectRef, KubeObject | undefined>

/** Waits a moment until the control plane knows objects as they were written. Returns the newest revision of its configuration. */
export async function waitSeen(client: ControlClient, written: WrittenObjects, clock: Clock): Promise<bigint> {
  const deadlineMs = clock.nowMs() + WAIT_MS
  // Of others than the mesh's own kinds it knows nothing.
  const own = [...written].filter(([{ kind }]) => OBJECT_KINDS.some((known) => known.kind === kind))
  for (const [ref, object] of own) {
    while (!(await isSeen(client, ref, object)) && clock.nowMs() < deadlineMs) await clock.sleep(ASK_EVERY_MS)
  }
  return (await client.admin.getApplied({})).revision
}

async function isSeen({ admin }: ControlClient, ref: ObjectRef, written: KubeObject | undefined): Promise<boolean> {
  try {
    const { object } = await admin.getObject({ ref })
    return written !== undefined && (object?.generation ?? 0n) >= BigInt(written.metadata.generation ?? 0)
  } catch (error) {
    const { cause } = error as Error
    if (!(cause instanceof ConnectError) || cause.code !== Code.NotFound) throw error
    return written === undefined
  }
}
