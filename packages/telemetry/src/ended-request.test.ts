import { GRPC_STATUS, GRPC_STATUS_NAMES } from '@heddle/api/grpc-status'
import { describe, expect, test } from 'vitest'
import { isFailure } from './ended-request.ts'

const ended = (differs: object) => ({ status: 200, grpcStatus: undefined, latencyUs: 1, error: undefined, ...differs })

describe('isFailure()', () => {
  test.each([
    { status: 200, error: undefined, failed: false },
    { status: 499, error: undefined, failed: false },
    { status: 500, error: undefined, failed: true },
    { status: 400, error: 'bad_field', failed: true },
    { status: 0, error: undefined, failed: true },
    { status: 101, error: 'idle_timeout', failed: false },
  ])('of HTTP $status with error $error: $failed', ({ status, error, failed }) => {
    expect(isFailure(ended({ status, error }))).toBe(failed)
  })

  test('of gRPC by what is the fault of the server', () => {
    const failing = GRPC_STATUS_NAMES.filter((name) => isFailure(ended({ grpcStatus: GRPC_STATUS[name] })))
    expect(failing).toEqual(['UNKNOWN', 'DEADLINE_EXCEEDED', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS'])
  })

  test('a call that the mesh refused has failed, one that the client took back has not', () => {
    expect(isFailure(ended({ grpcStatus: GRPC_STATUS.UNAUTHENTICATED, error: 'plain_refused' }))).toBe(true)
    expect(isFailure(ended({ status: 0, grpcStatus: GRPC_STATUS.CANCELLED, error: 'client_reset' }))).toBe(false)
    expect(isFailure(ended({ status: 0, grpcStatus: GRPC_STATUS.DEADLINE_EXCEEDED, error: 'client_reset' }))).toBe(true)
  })
})
