import { COMPONENT_LABEL, CONTROL_COMPONENT } from './install-names.ts'
import type { ObjectBody } from './installation.ts'

/** A Service that leads to the port of the control plane's pods that is called `name`. */
export function serviceBody(name: string, port: number): ObjectBody {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    spec: {
      type: 'ClusterIP',
      selector: { [COMPONENT_LABEL]: CONTROL_COMPONENT },
      ports: [{ name, port, targetPort: name, protocol: 'TCP', appProtocol: 'tls' }],
    },
  }
}
