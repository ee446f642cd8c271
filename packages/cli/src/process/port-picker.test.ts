import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PortPicker } from './port-picker.ts'

let cleanup: AsyncDisposableStack
/** All search from the same place on, which is hardly that of a mesh of this host. */
let where: number
beforeEach(() => {
  cleanup = new AsyncDisposableStack()
  where = Math.random()
})
afterEach(() => cleanup.disposeAsync())

test('PortPicker gives ports on which a program can listen, none twice', async () => {
  const picker = newPicker()
  const ports = await Promise.all(Array.from({ length: 200 }, () => picker.pick()))
  expect(new Set(ports).size).toBe(200)
  for (const port of ports) await listenOn(port)
})

test('PortPicker passes over a port on which another program listens', async () => {
  const picker = newPicker()
  const first = await picker.pick()
  await listenOn(first + 1)
  expect(await picker.pick()).toBe(first + 2)
})

test('PortPicker gives a port again that was given back, after those that nobody had yet', async () => {
  const picker = newPicker()
  const first = await picker.pick()
  picker.release(first)
  const later = await Promise.all(Array.from({ length: 63 }, () => picker.pick()))
  expect(later.indexOf(first)).toBe(62)
})

test('pickers that search at the same moment get different ports', async () => {
  const pickers = Array.from({ length: 5 }, newPicker)
  const ports = await Promise.all(pickers.map((picker) => picker.pick()))
  expect(new Set(ports).size).toBe(5)
})

test('a port of another process is given to nobody else until that ends, by SIGKILL too, though nothing listens on it', async () => {
  const { child, port } = await pickInChild()
  expect(await newPicker().pick()).not.toBe(port)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await newPicker().pick()).toBe(port)
})

test('a picker leaves its ports to others at its end', async () => {
  const picker = new PortPicker(() => where)
  const port = await picker.pick()
  await picker[Symbol.asyncDispose]()
  expect(await newPicker().pick()).toBe(port)
})

function newPicker(): PortPicker {
  return cleanup.use(new PortPicker(() => where))
}

async function listenOn(port: number): Promise<void> {
  const server = cleanup.adopt(createServer(), (one) => void one.close()).listen(port, '127.0.0.1')
  await once(server, 'listening')
}

async function pickInChild() {
  const program = `
    import { PortPicker } from ${JSON.stringify(new URL('port-picker.ts', import.meta.url))}
    console.log(await new PortPicker(() => ${where}).pick())
    process.stdin.resume()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  cleanup.defer(() => void child.kill('SIGKILL'))
  const [line] = await once(createInterface(child.stdout), 'line')
  return { child, port: Number(line) }
}
