/**
 * Sends requests to TARGET without pause and writes what came back to RESULT_FILE every 100 ms, as
 * `{"ok":N,"failed":N,"failures":{"REASON":N},"lastFailure":"…"}`. It knows nothing of the mesh.
 *
 * CONCURRENCY (4) requests are under way at a time, each after a pause of PAUSE_MS (5).
 */
import { renameSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'

const target = `http://${process.env.TARGET}${process.env.TARGET_PATH ?? '/'}`
const resultFile = process.env.RESULT_FILE!
const concurrency = Number(process.env.CONCURRENCY ?? 4)
const pauseMs = Number(process.env.PAUSE_MS ?? 5)
const agent = new Agent({ keepAlive: true, maxSockets: concurrency })
const result = {
  ok: 0,
  failed: 0,
  failures: {} as Record<string, number>,
  lastFailure: '',
  servers: {} as Record<string, number>,
}
let stopped = false

process.on('SIGTERM', () => {
  stopped = true
})
const writing = setInterval(write, 100)
await Promise.all(Array.from({ length: concurrency }, sendUntilStopped))
clearInterval(writing)
write()
process.exit(0)

async function sendUntilStopped(): Promise<void> {
  while (!stopped) {
    const failure = await sendOne()
    if (failure === undefined) result.ok += 1
    else {
      result.failed += 1
      result.failures[failure] = (result.failures[failure] ?? 0) + 1
      result.lastFailure = `${new Date().toISOString()} ${failure}`
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

/** Resolves with why the request failed, or `undefined`. */
function sendOne(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(target, { agent, timeout: 10_000 }, (response) => {
      let body = ''
      response.setEncoding('latin1').on('data', (text: string) => {
        body += text.length < 100 ? text : ''
      })
      response.on('end', () => {
        if (response.statusCode === 200) result.servers[body] = (result.servers[body] ?? 0) + 1
        resolve(
          response.statusCode === 200 ? undefined : `${response.statusCode} ${response.headers['heddle-error'] ?? ''}`,
        )
      })
      response.on('error', (error) => resolve(`answer: ${error.message}`))
    })
    request.on('timeout', () => request.destroy(new Error('no answer within 10 s')))
    request.on('error', (error) => resolve(error.message))
  })
}

function write(): void {
  writeFileSync(`${resultFile}.new`, JSON.stringify(result))
  renameSync(`${resultFile}.new`, resultFile)
}
