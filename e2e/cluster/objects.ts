import { ECHO_IMAGE, TOOLS_IMAGE } from './images/test-images.ts'

type Fields = Readonly<Record<string, unknown>>

/** A container that asks for nothing gets next to nothing of a busy machine, and fails its probes. */
const RESOURCES = { requests: { cpu: '30m' } }

/** A container that answers HTTP with what it was asked, on port 8080 or `address`; see go/pod/echo. */
export function echoContainer(name = 'echo', address = ':8080'): Fields {
  const port = Number(address.split(':').at(-1))
  return {
    name,
    image: ECHO_IMAGE,
    imagePullPolicy: 'Never',
    args: ['serve', address],
    ports: [{ name: 'http', containerPort: port }],
    readinessProbe: { httpGet: { path: '/ready', port }, periodSeconds: 1, timeoutSeconds: 5 },
    resources: RESOURCES,
  }
}

/** A container with a shell and network tools, which does nothing until it is ended. */
export function toolsContainer(name = 'tools'): Fields {
  return { name, image: TOOLS_IMAGE, imagePullPolicy: 'Never', command: ['/echo', 'wait'], resources: RESOURCES }
}

/** A Deployment whose pods have the label `app: NAME` and end at once. */
export function deployment(name: string, podSpec: Fields, replicas = 1): Fields {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, ...podSpec } },
    },
  }
}

/** A Service of port 80 in front of the pods of {@link deployment}. */
export function service(name: string, targetPort: number | string = 8080): Fields {
  const spec = { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort }] }
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec }
}
