import { Code, ConnectError } from '@connectrpc/connect'
import type { ConfigObject } from '@heddle/api/admin'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import { CliError } from '../../cli-error.ts'
import type { ControlClient } from '../../client/control-client.ts'
import { formatObject } from '../objects/object-argument.ts'

/** The route in force. @throws {CliError} with where to look, where there is none */
export async function findRoute({ admin }: ControlClient, ref: ObjectRef): Promise<ConfigObject | undefined> {
  try {
    return (await admin.getObject({ ref })).object
  } catch (error) {
    const { cause } = error as Error
    if (!(cause instanceof ConnectError) || cause.code !== Code.NotFound) throw error
    const hints = ['see "heddle get httproute,grpcroute -A"; -n NAME chooses another namespace']
    throw new CliError(`there is no ${formatObject(ref)}`, { hints, cause })
  }
}
