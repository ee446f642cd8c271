/**
 * Whether an application takes connections, asked of its proxy. A kubelet's `tcpSocket` cannot ask: its connection is redirected to the
 * proxy. So injection makes an `httpGet` of it, and tells the proxy which may come.
 */
export interface TcpProbe {
  readonly port: number
  /** `timeoutSeconds` of the kubelet's probe. */
  readonly timeoutSeconds: number
}

/** As a proxy is told of it: `8080/1`. */
export function formatTcpProbe({ port, timeoutSeconds }: TcpProbe): string {
  return `${port}/${timeoutSeconds}`
}

/** Reads what {@link formatTcpProbe} wrote. @throws {RangeError} */
export function parseTcpProbe(text: string): TcpProbe {
  const match = /^(\d{1,5})\/(\d{1,10})$/.exec(text)
  const [port, timeoutSeconds] = [Number(match?.[1]), Number(match?.[2])]
  const isProbe = port >= 1 && port <= 65_535 && timeoutSeconds >= 1
  if (!isProbe) throw new RangeError(`${JSON.stringify(text)} is not PORT/SECONDS`)
  return { port, timeoutSeconds }
}

/** The path at which a proxy's probe listener answers it. */
export function pathOfTcpProbe(probe: TcpProbe): string {
  return TCP_PROBE_PATH + formatTcpProbe(probe)
}

/** What all of these paths begin with. */
export const TCP_PROBE_PATH = '/probe/tcp/'
