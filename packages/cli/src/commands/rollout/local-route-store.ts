import type { ApplyObjectsResponse } from '@heddle/api/admin'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import { CliError } from '../../cli-error.ts'
import type { ControlClient } from '../../client/control-client.ts'
import { formatObject } from '../objects/object-argument.ts'
import { findRoute } from './find-route.ts'
import type { RouteStore } from './route-weights.ts'
import type { RouteSource } from './weighted-route.ts'

/** Routes in the directory of a mesh on this host, which its control plane writes. */
export class LocalRouteStore implements RouteStore {
  readonly #client: ControlClient

  constructor(client: ControlClient) {
    this.#client = client
  }

  async read(ref: ObjectRef): Promise<RouteSource> {
    const object = await findRoute(this.#client, ref)
    return { manifest: object?.manifest ?? {}, text: object?.text ?? '' }
  }

  async write(ref: ObjectRef, _route: RouteSource, text: string): Promise<bigint> {
    const files = [{ path: `${ref.name} with new weights`, text }]
    const answer = await this.#client.admin.applyObjects({ files })
    refuse(answer, ref)
    return answer.revision
  }
}

function refuse({ problems }: ApplyObjectsResponse, ref: ObjectRef): void {
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length === 0) return
  throw new CliError(`${formatObject(ref)}: its new weights were refused`, {
    hints: errors.map(({ file, field, reason }) => [file, field, reason].filter((part) => part !== '').join(': ')),
  })
}
