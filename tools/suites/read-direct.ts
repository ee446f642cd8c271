import { readOptions } from '../read-options.ts'

/** Whether a suite is to run without proxies, which tells whose a failure is. @param suite - as of `make` */
export function readDirect(suite: string): boolean {
  const usage = `usage: make ${suite} ARGS="[--direct]"`
  return readOptions(usage, { options: { direct: { type: 'boolean', default: false } } }).values.direct
}
