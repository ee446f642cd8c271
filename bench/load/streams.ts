import { fileURLToPath } from 'node:url'
import type { StreamLoad } from '../h2/stream-main.ts'
import { type Load, type LoadResult, runClient } from './load.ts'
import { parseReport } from './report.ts'

/** The client of messages over streams, run by Bun with a {@link StreamLoad} as its argument. */
export const STREAM_PROGRAM = fileURLToPath(new URL('../h2/stream-main.ts', import.meta.url))

/**
 * Messages over streams that stay open, by a client of our own: each stream sends its next message once it has the answer to the
 * one before.
 *
 * @throws when the client fails
 */
export async function runStreams(load: Load): Promise<LoadResult> {
  const { scenario, clients, port, connections, seconds } = load
  const shape: StreamLoad = { port, connections, streams: scenario.streams, seconds, pauseMs: 0 }
  return parseReport(await runClient([clients.bun, STREAM_PROGRAM, JSON.stringify(shape)], load))
}
