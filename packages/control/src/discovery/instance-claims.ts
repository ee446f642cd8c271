import { Code, ConnectError } from '@connectrpc/connect'
import type { Clock } from '@heddle/base/clock'
import { type InstanceRef, instanceKey } from '../model/instance.ts'

/** Who speaks for an instance. */
export interface InstanceClaim extends InstanceRef {
  readonly workload: string
  readonly serviceAccount: string
}

interface KnownClaim {
  readonly claim: InstanceClaim
  /** When it was last asserted or used, by the monotonic clock: who sets the one on the wall ends no claim. */
  usedUs: number
}

/** A last report may come some time after the stream has ended. */
const KEEP_US = 600_000_000
const MAX_CLAIMS = 20_000

/** Which identity registered which instance, remembered beyond the end of its stream. */
export class InstanceClaims {
  readonly #clock: Clock
  /** Used longest ago first. */
  readonly #claims = new Map<string, KnownClaim>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The instance was registered by its identity. */
  assert(claim: InstanceClaim): void {
    this.#use(instanceKey(claim), claim)
    for (const [key, { usedUs }] of this.#claims) {
      const isOld = this.#clock.monotonicUs() - usedUs > KEEP_US
      if (!isOld && this.#claims.size <= MAX_CLAIMS) return
      this.#claims.delete(key)
    }
  }

  /**
   * Makes sure that a report comes from the one who registered the instance.
   *
   * @throws {ConnectError} failedPrecondition when nobody did; permissionDenied when another did
   */
  require(
    ref: InstanceRef & { readonly workload: string },
    caller: { readonly serviceAccount: string; readonly namespace: string },
  ): void {
    const key = instanceKey(ref)
    const known = this.#claims.get(key)
    if (caller.namespace !== ref.namespace) throw denied(caller, key)
    if (known === undefined)
      throw new ConnectError(`${key} is not registered; open its stream first`, Code.FailedPrecondition)
    const { claim } = known
    if (claim.serviceAccount !== caller.serviceAccount || claim.workload !== ref.workload) throw denied(caller, key)
    this.#use(key, claim)
  }

  #use(key: string, claim: InstanceClaim): void {
    this.#claims.delete(key)
    this.#claims.set(key, { claim, usedUs: this.#clock.monotonicUs() })
  }
}

function denied(
  { namespace, serviceAccount }: { readonly namespace: string; readonly serviceAccount: string },
  key: string,
) {
  return new ConnectError(`${serviceAccount} of ${namespace} may not report for ${key}`, Code.PermissionDenied)
}
