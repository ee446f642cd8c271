/** Ports of a proxy in transparent mode, unless it is told others. In a pod only the probe port can be reached from outside as it is. */
export const PROXY_PORTS = { admin: 15_000, outbound: 15_001, inbound: 15_006, probe: 15_020 } as const
