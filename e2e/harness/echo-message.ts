import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** What the echo server of the Gateway API's conformance tests tells of a request, in JSON and in its `EchoResponse`. */
export interface Echo {
  /** With the query; of gRPC the full name of the method. */
  readonly path: string
  readonly host: string
  readonly method: string
  /** Names in lower case to their values, a line each. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly namespace: string
  readonly pod: string
}

/** Methods of `GrpcEcho` that the server has; the third one of the service is to be unimplemented. */
export const ECHO_METHODS: readonly string[] = ['Echo', 'EchoTwo'].map(
  (name) => `/gateway_api_conformance.echo_basic.grpcecho.GrpcEcho/${name}`,
)

// Fields of EchoResponse, Assertions, Header and Context in grpcecho.proto.
const ASSERTIONS = 1
const ASSERTION_FIELDS = { method: 1, headers: 2, authority: 3, context: 4 }
const HEADER_FIELDS = { key: 1, value: 2 }
const CONTEXT_FIELDS = { namespace: 1, pod: 4 }

/** `echo` as an `EchoResponse`. */
export function writeEchoResponse(echo: Echo): Uint8Array {
  const writer = new BinaryWriter().uint32(tag(ASSERTIONS)).fork()
  writeText(writer, ASSERTION_FIELDS.method, echo.path)
  for (const [key, values] of Object.entries(echo.headers)) {
    for (const value of values) writeHeader(writer, key, value)
  }
  writeText(writer, ASSERTION_FIELDS.authority, echo.host)
  writer.uint32(tag(ASSERTION_FIELDS.context)).fork()
  writeText(writer, CONTEXT_FIELDS.namespace, echo.namespace)
  writeText(writer, CONTEXT_FIELDS.pod, echo.pod)
  return writer.join().join().finish()
}

/** @throws {Error} if the octets are no message */
export function readEchoResponse(octets: Uint8Array): Echo {
  const assertions = bytesOf(readFields(octets), ASSERTIONS)[0] ?? new Uint8Array(0)
  const fields = readFields(assertions)
  const context = readFields(bytesOf(fields, ASSERTION_FIELDS.context)[0] ?? new Uint8Array(0))
  const headers: Record<string, string[]> = {}
  for (const header of bytesOf(fields, ASSERTION_FIELDS.headers)) {
    const pair = readFields(header)
    const name = textOf(pair, HEADER_FIELDS.key)
    headers[name] = [...(headers[name] ?? []), textOf(pair, HEADER_FIELDS.value)]
  }
  return {
    path: textOf(fields, ASSERTION_FIELDS.method),
    host: textOf(fields, ASSERTION_FIELDS.authority),
    method: 'POST',
    headers,
    namespace: textOf(context, CONTEXT_FIELDS.namespace),
    pod: textOf(context, CONTEXT_FIELDS.pod),
  }
}

function tag(field: number): number {
  return (field << 3) | WireType.LengthDelimited
}

function writeText(writer: BinaryWriter, field: number, text: string): void {
  if (text !== '') writer.uint32(tag(field)).string(text)
}

function writeHeader(writer: BinaryWriter, key: string, value: string): void {
  writer.uint32(tag(ASSERTION_FIELDS.headers)).fork()
  writeText(writer, HEADER_FIELDS.key, key)
  writeText(writer, HEADER_FIELDS.value, value)
  writer.join()
}

type Fields = readonly (readonly [field: number, octets: Uint8Array])[]

/** Fields that have a length; the messages have no others that are asked for. */
function readFields(octets: Uint8Array): Fields {
  const reader = new BinaryReader(octets)
  const fields: [number, Uint8Array][] = []
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag()
    if (type === WireType.LengthDelimited) fields.push([field, reader.bytes()])
    else reader.skip(type, field)
  }
  return fields
}

function bytesOf(fields: Fields, wanted: number): readonly Uint8Array[] {
  return fields.filter(([field]) => field === wanted).map(([, octets]) => octets)
}

function textOf(fields: Fields, wanted: number): string {
  return Buffer.from(bytesOf(fields, wanted)[0] ?? []).toString('utf8')
}
