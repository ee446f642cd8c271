const ESTABLISHED = '01'
const LISTEN = '0A'

/**
 * How many sockets of others than `ownUid` listen or are connected in this network namespace.
 *
 * @param table - text of `/proc/net/tcp` or `/proc/net/tcp6`
 */
export function countForeignSockets(table: string, ownUid: number): number {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , uid]) => {
      return (state === ESTABLISHED || state === LISTEN) && Number(uid) !== ownUid
    }).length
}
