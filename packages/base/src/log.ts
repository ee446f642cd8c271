/** From the most talkative to silence. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'off'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** What a log line carries beside its event. Errors become their message and stack. */
export type LogFields = Readonly<Record<string, unknown>>

/** A log line is an event, in few fixed words, with fields: `log.info('listener bound', { port })`. */
export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
  /** A log that adds `fields` to each of its lines. */
  with(fields: LogFields): Log
  level: LogLevel
}

interface Sink {
  readonly write: (line: string) => void
  readonly nowMs: () => number
  level: LogLevel
}

/**
 * A log of one JSON object a line: `{"time":"…","level":"info","msg":"…",…}`.
 *
 * @param write - gets each line, with its end of line
 */
export function createLog(write: (line: string) => void, level: LogLevel, nowMs = () => Date.now()): Log {
  return new JsonLog({ write, nowMs, level }, {})
}

class JsonLog implements Log {
  readonly #sink: Sink
  readonly #fields: LogFields

  constructor(sink: Sink, fields: LogFields) {
    this.#sink = sink
    this.#fields = fields
  }

  get level(): LogLevel {
    return this.#sink.level
  }

  set level(level: LogLevel) {
    this.#sink.level = level
  }

  debug(event: string, fields?: LogFields): void {
    this.#line('debug', event, fields)
  }

  info(event: string, fields?: LogFields): void {
    this.#line('info', event, fields)
  }

  warn(event: string, fields?: LogFields): void {
    this.#line('warn', event, fields)
  }

  error(event: string, fields?: LogFields): void {
    this.#line('error', event, fields)
  }

  with(fields: LogFields): Log {
    return new JsonLog(this.#sink, { ...this.#fields, ...fields })
  }

  #line(level: LogLevel, event: string, fields: LogFields | undefined): void {
    const { write, nowMs, level: threshold } = this.#sink
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(threshold)) return
    const time = new Date(nowMs()).toISOString()
    write(`${JSON.stringify({ time, level, msg: event, ...this.#fields, ...fields }, toLoggable)}\n`)
  }
}

function toLoggable(_key: string, value: unknown): unknown {
  if (value instanceof Error) return value.cause === undefined ? value.stack : `${value.stack}\ncause: ${value.cause}`
  if (typeof value === 'bigint') return value.toString()
  return value
}
