import { Code, ConnectError, type Interceptor, type StreamResponse, type UnaryResponse } from '@connectrpc/connect'
import { codeOf } from '@heddle/base/code-of'
import type { Log } from '@heddle/base/log'
import type { Counter, Family } from '@heddle/telemetry/registry'

export interface CallObserver {
  /** By method and code. */
  readonly calls: Family<Counter>
  readonly log: Log
}

/** Counts every call by its outcome, and logs what was our own fault; its text does not leave the process, but for what is wrong with the disk. */
export function observeCalls({ calls, log }: CallObserver): Interceptor {
  return (next) => async (request) => {
    const method = `${request.service.typeName}/${request.method.name}`
    const ended = (code: string) => calls.with(method, code).add()
    const failed = (error: unknown): ConnectError => {
      const known = error instanceof ConnectError ? error : new ConnectError(describeFault(error), Code.Internal)
      ended(Code[known.code])
      if (known.code === Code.Internal) log.error('call failed', { method, error })
      return known
    }
    try {
      const response = await next(request)
      if (response.stream) return { ...response, message: observeStream(response, { ended, failed }) }
      ended('Ok')
      return response
    } catch (error) {
      throw failed(error)
    }
  }
}

const DISK_FAULTS: Readonly<Record<string, string>> = {
  ENOSPC: 'its disk is full',
  EDQUOT: 'its quota of the disk is used up',
  EROFS: 'its disk is read-only',
  EIO: 'its disk fails',
}

/** Whoever asks can do something about a full disk, and cannot see the log on every host. */
function describeFault(error: unknown): string {
  const fault = DISK_FAULTS[codeOf(error) ?? '']
  return fault === undefined ? 'internal error' : `the control plane cannot keep its state: ${fault}`
}

interface StreamObserver {
  readonly ended: (code: string) => void
  readonly failed: (error: unknown) => ConnectError
}

type Messages = Exclude<UnaryResponse | StreamResponse, UnaryResponse>['message']

async function* observeStream(
  { message }: { readonly message: Messages },
  { ended, failed }: StreamObserver,
): Messages {
  try {
    yield* message
    ended('Ok')
  } catch (error) {
    throw failed(error)
  }
}
