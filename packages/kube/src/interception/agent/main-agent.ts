import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import { createKubeClient } from '../../client/client.ts'
import { inClusterAccess } from '../../client/kubeconfig.ts'
import { INIT_PROGRAM } from '../../inject/names.ts'
import { runProgram } from '../run-program.ts'
import type { ProcessTable } from './find-process.ts'
import { runNodeAgent } from './node-agent.ts'

/** The agent of a node, in the image of the proxy; `NODE_NAME` says where it runs. It needs the node's process namespace. */
async function main(): Promise<void> {
  const log = createLog((line) => void process.stderr.write(line), 'info')
  const nodeName = process.env.NODE_NAME
  if (nodeName === undefined || nodeName === '') {
    log.error('NODE_NAME is not set')
    process.exitCode = 2
    return
  }
  const ended = new AbortController()
  const end = () => {
    ended.abort()
    process.exit(0)
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  try {
    const client = createKubeClient(await inClusterAccess())
    const deps = { client, nodeName, processes: PROCESSES, run: runProgram, initProgram: INIT_PROGRAM, log }
    await runNodeAgent({ ...deps, clock: systemClock }, ended.signal)
    log.info('watching the pods of this node', { node: nodeName })
  } catch (error) {
    // The kubelet starts it again.
    log.error('the pods of this node cannot be watched', { error })
    process.exit(1)
  }
}

const PROCESSES: ProcessTable = {
  list: () => readdirSync('/proc').filter((name) => /^\d+$/.test(name)),
  cgroupOf: (id) => orNothing(() => readFileSync(`/proc/${id}/cgroup`, 'utf8')),
  networkOf: (id) => orNothing(() => readlinkSync(`/proc/${id}/ns/net`)),
}

/** Processes come and go while they are looked at. */
function orNothing(read: () => string): string | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

await main()
