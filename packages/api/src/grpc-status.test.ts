import { expect, test } from 'vitest'
import { GRPC_STATUS_NAMES, grpcStatusOfHttp, httpStatusOfGrpc } from './grpc-status.ts'

test.each([
  { http: 400, grpc: 13 },
  { http: 401, grpc: 16 },
  { http: 403, grpc: 7 },
  { http: 404, grpc: 12 },
  { http: 429, grpc: 14 },
  { http: 502, grpc: 14 },
  { http: 503, grpc: 14 },
  { http: 504, grpc: 14 },
  { http: 200, grpc: 2 },
  { http: 302, grpc: 2 },
  { http: 418, grpc: 2 },
  { http: 500, grpc: 2 },
])('an answer $http without status of gRPC is $grpc', ({ http, grpc }) => {
  expect(grpcStatusOfHttp(http)).toBe(grpc)
})

test('a status of gRPC is one of HTTP to whoever does not speak it', () => {
  const statuses = GRPC_STATUS_NAMES.map(httpStatusOfGrpc)
  expect(statuses).toEqual([200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401])
})
