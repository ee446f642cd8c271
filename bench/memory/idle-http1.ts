import { connect, type Socket } from 'node:net'

const BATCH = 100
const TIMEOUT_MS = 5000

/**
 * Connections in clear that had one request answered and then say nothing: up to `count`, fewer where descriptors run out.
 */
export async function openIdleHttp1(port: number, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const opened = await Promise.allSettled(Array.from({ length: BATCH }, () => openOne(port)))
    const good = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    sockets.push(...good)
    if (good.length < BATCH) return sockets
  }
  return sockets
}

function openOne(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /1k HTTP/1.1\r\nhost: bench\r\n\r\n'))
    let received = 0
    socket.on('data', (bytes) => {
      received += bytes.length
      if (received >= 1024) resolve(socket)
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed')))
    socket.setTimeout(TIMEOUT_MS, () => reject(new Error('no answer')))
  })
}
