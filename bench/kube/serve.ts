import { startFakeApiServer } from '@heddle/testkit/fake-api-server'
import { createPod } from './pod.ts'

/** An API server in a process of its own, so that its objects are not in the memory that is measured. */
const server = await startFakeApiServer()
const count = Number(process.argv[2])
for (let index = 0; index < count; index++) {
  const pod = createPod(index)
  const { name, namespace } = pod.metadata
  server.store.write({ collection: '/api/v1/pods', namespace, name, subresource: undefined }, pod)
}
process.send?.({ url: server.url, bytes: JSON.stringify(createPod(0)).length })
process.on('disconnect', () => process.exit())
