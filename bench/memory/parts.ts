import { join } from 'node:path'
import type { StreamLoad } from '../h2/stream-main.ts'
import { runClient } from '../load/load.ts'
import { parseReport } from '../load/report.ts'
import { STREAM_PROGRAM } from '../load/streams.ts'
import { runWrk } from '../load/wrk.ts'
import type { MemoryRow } from '../results.ts'
import { listScenarios, type Scenario } from '../scenarios.ts'
import { type Station, startStation } from '../station.ts'
import { openIdleH2 } from './idle-h2.ts'
import { openIdleHttp1 } from './idle-http1.ts'
import { type Lab, record, recordAtRest, rest } from './lab.ts'
import type { MemoryOptions, MemoryPart } from './options.ts'

const LOADED_REQUESTS = 100_000
const LOADED_CONNECTIONS = 1000
/** As many as fit: a proxy needs two descriptors for a connection in use, and this process one. */
const IDLE_CONNECTIONS = 10_000

/** Rows of one part of the measurement. */
export const MEASURE: Readonly<
  Record<MemoryPart, (lab: Lab, options: MemoryOptions) => Promise<readonly MemoryRow[]>>
> = { plain: measurePlain, mtls: measureMtls, streams: measureStreams }

/** One proxy in clear: idle; after load; with idle connections. */
async function measurePlain(lab: Lab): Promise<readonly MemoryRow[]> {
  const scenario = findScenario('http1-1hop-1k')
  await using proxy = await start(lab, scenario, 'plain')
  const { pids, port } = proxy
  const rows = [await recordAtRest('idle', pids, lab.signal)]
  const { clients, directory, signal } = lab
  const load = { scenario, clients, port, directory, cpu: undefined, signal }
  for (let requests = 0; requests < LOADED_REQUESTS; ) {
    requests += (await runWrk({ ...load, connections: LOADED_CONNECTIONS, seconds: 2 })).requests
  }
  const after = `after ${LOADED_REQUESTS} requests over ${LOADED_CONNECTIONS} connections, all closed`
  rows.push(await recordAtRest(after, pids, signal))
  const sockets = await openIdleHttp1(port, IDLE_CONNECTIONS)
  try {
    rows.push(await recordAtRest(`with ${sockets.length} idle connections`, pids, signal))
  } finally {
    for (const socket of sockets) socket.destroy()
  }
  return rows
}

/** The proxy of a server: idle; with idle connections of other proxies. The client's proxy stands by unused. */
async function measureMtls(lab: Lab, { connections }: MemoryOptions): Promise<readonly MemoryRow[]> {
  await using pair = await start(lab, findScenario('h2-2hop-mtls-1k'), 'mtls')
  const [inbound] = pair.hops.filter(({ role }) => role === 'tls-server')
  const { client, server } = lab.tls
  const rows = [await recordAtRest('proxy of a server, idle', [inbound!.pid], lab.signal)]
  await using idle = await openIdleH2(lab.clients.bun, {
    port: inbound!.port,
    connections,
    serverName: server.serverName,
    certificateFile: client.certificateFile,
    keyFile: client.keyFile,
    caFile: client.caFile,
  })
  const state = `the same with ${idle.count} idle connections of HTTP/2 with mTLS`
  return [...rows, await recordAtRest(state, [inbound!.pid], lab.signal)]
}

const STREAM_CONNECTIONS = 10
const STREAMS_PER_CONNECTION = 100
/** Each call sends a message of 100 octets ten times a second, and gets one back. */
const MESSAGE_PAUSE_MS = 100
const SAMPLES = 10

/** Both proxies, with 1,000 calls that go on and on. */
async function measureStreams(lab: Lab, { seconds }: MemoryOptions): Promise<readonly MemoryRow[]> {
  const scenario = findScenario('grpc-stream-2hop-mtls')
  await using pair = await start(lab, scenario, 'streams')
  const { signal, directory } = lab
  const shape: StreamLoad = {
    port: pair.port,
    connections: STREAM_CONNECTIONS,
    streams: STREAMS_PER_CONNECTION,
    seconds,
    pauseMs: MESSAGE_PAUSE_MS,
  }
  const command = [lab.clients.bun, STREAM_PROGRAM, JSON.stringify(shape)]
  const client = { scenario, clients: lab.clients, port: pair.port, connections: STREAM_CONNECTIONS, directory }
  const [output, rows] = await Promise.all([
    runClient(command, { ...client, seconds, cpu: undefined, signal }),
    sample(pair, seconds, signal),
  ])
  const { requests, errors } = parseReport(output)
  process.stderr.write(`${requests} messages answered, ${errors} errors\n`)
  if (errors > 0) throw new Error(`${errors} of the calls broke`)
  return rows
}

/** The first sample comes once a tenth of the time is over: by then everything is compiled and pools are filled. */
async function sample({ pids }: Station, seconds: number, signal: AbortSignal): Promise<readonly MemoryRow[]> {
  const rows: MemoryRow[] = []
  const stepMs = (seconds * 1000) / SAMPLES
  for (let i = 1; i <= SAMPLES; i++) {
    await rest(i === SAMPLES ? 0.9 * stepMs : stepMs, signal)
    const calls = STREAM_CONNECTIONS * STREAMS_PER_CONNECTION
    rows.push(record(`two proxies with ${calls} calls of gRPC, after ${Math.round((i * seconds) / SAMPLES)} s`, pids))
  }
  return rows
}

function start(lab: Lab, scenario: Scenario, name: string): Promise<Station> {
  const { heddle, origin, tls, directory } = lab
  const originPorts = origin.portsFor(scenario)
  return startStation(heddle, { scenario, originPorts, tls, directory: join(directory, name), cpu: undefined })
}

function findScenario(name: 'http1-1hop-1k' | 'h2-2hop-mtls-1k' | 'grpc-stream-2hop-mtls'): Scenario {
  return listScenarios().find((scenario) => scenario.name === name)!
}
