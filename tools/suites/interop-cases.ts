/** One test case of grpc-go's interop client. */
export interface InteropCase {
  readonly name: string
  /** Options of the client beside its address. */
  readonly args: readonly string[]
}

/** These need an account of a cloud. */
const NEED_CREDENTIALS = /_creds$|_credentials$|^oauth2_auth_token$/

/** Left out by grpc-go's own script as well: its server does not give the ids that the case looks at. */
const WITHOUT_SERVER: readonly string[] = ['pick_first_unary']

/** Implemented by grpc-go's client, but missing in its help. */
const NOT_IN_HELP: readonly string[] = ['rpc_soak', 'channel_soak']

const ORCA_BALANCER = '{"loadBalancingConfig":[{"test_backend_metrics_load_balancer":{}}]}'
/**
 * Some seconds are enough to see connections and calls used again; `make soak` is the long one. Each call may take as long as a busy machine
 * holds up a process; by itself the client allows for a second, and none of its calls may take longer.
 */
const SOAK_ARGS = [
  ...['--soak_iterations=200', '--soak_num_threads=4', '--soak_overall_timeout_seconds=100'],
  '--soak_per_iteration_max_acceptable_latency_ms=20000',
]

/** The test cases that need no credentials, from the help of grpc-go's interop client (`--help`). */
export function listInteropCases(help: string): readonly InteropCase[] {
  const [, list = ''] = help.split('Valid options are:')
  const listed = [...list.matchAll(/^\s+(\w+) ?: /gm)].map(([, name = '']) => name)
  const wanted = listed.filter((name) => !NEED_CREDENTIALS.test(name) && !WITHOUT_SERVER.includes(name))
  const names = [...wanted, ...NOT_IN_HELP.filter((name) => !wanted.includes(name))]
  return names.map((name) => ({ name, args: argsFor(name) }))
}

function argsFor(name: string): readonly string[] {
  if (name.startsWith('orca_')) return [`--service_config_json=${ORCA_BALANCER}`]
  return name.endsWith('_soak') ? SOAK_ARGS : []
}
