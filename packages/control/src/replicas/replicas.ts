import type { Client } from '@connectrpc/connect'
import type { ReplicaService } from '@heddle/api/replica'

/** A question to one replica. */
export type ReplicaCall<T> = (client: Client<typeof ReplicaService>, signal: AbortSignal) => Promise<T>

/** What came of a question to all. */
export interface ReplicaAnswers<T> {
  readonly answers: readonly T[]
  /** Those who did not answer, by address, and why. */
  readonly silent: ReadonlyMap<string, string>
}

/** The other replicas of this control plane. */
export interface Replicas {
  /** Their addresses, `IP:PORT`. */
  list(): readonly string[]
  /**
   * Asks all of them at once; resolves when all have answered or the time is over. Never rejects: an answer for all without one
   * of them is better than none, and who it is without is logged and counted.
   */
  ask<T>(call: ReplicaCall<T>, waitMs?: number): Promise<ReplicaAnswers<T>>
}

/** There are no others: a mesh of one host. */
export const NO_REPLICAS: Replicas = {
  list: () => [],
  ask: async () => ({ answers: [], silent: new Map() }),
}
