import { GRPC_BIDI_STREAM } from '../exchanges.ts'
import { runH2load } from './h2load.ts'
import type { Load, LoadResult } from './load.ts'
import { runStreams } from './streams.ts'
import { runWrk } from './wrk.ts'

/** Puts load on a proxy by the client that fits the scenario. */
export function runLoad(load: Load): Promise<LoadResult> {
  const { protocol, exchange } = load.scenario
  if (protocol === 'http1') return runWrk(load)
  return exchange === GRPC_BIDI_STREAM ? runStreams(load) : runH2load(load)
}
