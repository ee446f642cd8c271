/** The processor time in ms that `work` takes: a bound on it holds on a busy machine too, where one on elapsed time would not. */
export function processorMsOf(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
