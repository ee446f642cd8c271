import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { TestMesh } from './harness/mesh.ts'
import { readTcpStreams, type TcpStream } from './harness/pcap.ts'
import { start } from './harness/process.ts'
import { canRun } from './harness/requirements.ts'
import { bridgeOf, pidOf } from './harness/run-state.ts'
import { echoManifests, loadWorkload } from './harness/shop.ts'
import { until } from './harness/until.ts'

const SECRET_PATH = '/a-path-that-must-not-be-seen'
const TLS_RECORD_HEAD_OCTETS = 5
const TLS_HANDSHAKE = Buffer.from([22, 3])
/** The extension supported_versions of a ServerHello that chose TLS 1.3. RFC 8446 §4.2.1. */
const CHOSE_TLS_1_3 = Buffer.from([0, 43, 0, 2, 3, 4])

test.runIf(canRun('root', 'ip', 'iptables', 'tcpdump'))(
  'between namespaces nothing but TLS 1.3 is to be seen, and edges says secured',
  async () => {
    await using mesh = await TestMesh.start({
      mode: 'transparent',
      manifests: (file) => ({
        'echo.yaml': echoManifests(1),
        'load.yaml': loadWorkload({ resultFile: file('load.json'), path: SECRET_PATH }),
      }),
    })
    await mesh.waitForSuccesses('load', 50)

    const streams = await captureWhile(mesh, async () => {
      // A new proxy shakes hands anew, so whole handshakes are in the capture.
      const killed = pidOf(mesh, 'proxy of load-0')
      process.kill(killed, 'SIGKILL')
      await until('the proxy is back', () => pidOf(mesh, 'proxy of load-0') !== killed)
      await mesh.waitForSuccesses('load', 300)
    })

    // One that had only just begun at the end shows nothing yet.
    const told = streams.filter(({ octets }) => octets.length > TLS_RECORD_HEAD_OCTETS)
    const toServer = told.filter(({ name }) => name.endsWith(':8080'))
    const fromServer = told.filter(({ name }) => name.includes(':8080>'))
    expect(total(toServer)).toBeGreaterThan(10_000)
    expect(total(fromServer)).toBeGreaterThan(10_000)
    for (const { name, octets } of [...toServer, ...fromServer]) {
      expect(octets.subarray(0, 2), name).toEqual(TLS_HANDSHAKE)
      expect(octets.includes(SECRET_PATH), name).toBe(false)
      expect(octets.includes('HTTP/1.1'), name).toBe(false)
    }
    for (const { name, octets } of fromServer) {
      const serverHello = octets.subarray(0, TLS_RECORD_HEAD_OCTETS + octets.readUInt16BE(3))
      expect(serverHello.includes(CHOSE_TLS_1_3), name).toBe(true)
    }
    const edge = await until('edges has heard of it', async () => {
      const edges = await mesh.json<readonly Edge[]>('edges', 'deploy', '-n', 'shop')
      return edges.find(({ src, dst }) => src === 'load' && dst === 'echo')
    })
    expect(edge.secured).toBe(true)
  },
)

interface Edge {
  readonly src: string
  readonly dst: string
  readonly secured: boolean
}

/** Captures what the bridge carries, which joins all namespaces, from before `deed` until after it. */
async function captureWhile(mesh: TestMesh, deed: () => Promise<void>): Promise<readonly TcpStream[]> {
  const file = mesh.file('capture.pcap')
  const tcpdump = start([
    'tcpdump',
    '-U',
    '--immediate-mode',
    '-Z',
    'root',
    '-i',
    bridgeOf(mesh),
    '-w',
    file,
    'tcp port 8080',
  ])
  await until('tcpdump listens', () => tcpdump.stderr().includes('listening on'))
  await deed()
  tcpdump.process.kill('SIGINT')
  await tcpdump.ended
  return readTcpStreams(readFileSync(file))
}

function total(streams: readonly TcpStream[]): number {
  return streams.reduce((sum, { octets }) => sum + octets.length, 0)
}
