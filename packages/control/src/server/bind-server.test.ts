import { once } from 'node:events'
import { connect, createServer, type ListenOptions, Server } from 'node:net'
import { describe, expect, test } from 'vitest'
import { bindServer } from './bind-server.ts'

/** A server of a kernel that was started without IPv6. */
class OldServer extends Server {
  override listen(...args: unknown[]): this {
    const [{ host }] = args as [ListenOptions]
    if (host !== '::') return super.listen(args[0] as ListenOptions)
    queueMicrotask(() => this.emit('error', Object.assign(new Error('no IPv6'), { code: 'EAFNOSUPPORT' })))
    return this
  }
}

describe('bindServer()', () => {
  test('listens on both families where the address is that of both', async () => {
    const server = createServer((socket) => socket.end('here'))
    const { port } = await bindServer(server, { host: '::', port: 0 })
    const socket = connect({ host: '127.0.0.1', port })
    const [text] = await once(socket.setEncoding('utf8'), 'data')
    expect(text).toBe('here')
    server.close()
  })

  test('listens on IPv4 where the kernel has no IPv6', async () => {
    const server = new OldServer()
    const bound = await bindServer(server, { host: '::', port: 0 })
    expect(bound).toEqual({ host: '0.0.0.0', port: expect.any(Number) })
    server.close()
  })

  test('says which address is taken', async () => {
    const server = createServer()
    const { port } = await bindServer(server, { host: '127.0.0.1', port: 0 })
    const other = bindServer(createServer(), { host: '127.0.0.1', port })
    await expect(other).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: `)
    server.close()
  })
})
