import { LOG_LEVELS, type Log, type LogFields, type LogLevel } from '@heddle/base/log'
import { type DestinationStream, destination, type Logger, pino, stdSerializers, stdTimeFunctions } from 'pino'

/** Fields that are never written, whoever logs them. */
const SECRETS = ['token', 'joinToken', 'adminToken', 'authorization', 'privateKeyPem']

/**
 * A log of JSON lines by pino: it writes to a pipe that is full without losing lines or blocking for ever.
 *
 * @param stream - where lines go; standard error unless given
 */
export function createPinoLog(level: LogLevel, stream: DestinationStream = destination({ fd: 2, sync: true })): Log {
  const root = pino(
    {
      base: null,
      level: 'debug',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: stdSerializers.errWithCause },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
    },
    stream,
  )
  return new PinoLog(root, { level })
}

class PinoLog implements Log {
  readonly #pino: Logger
  /** One for all logs made of each other. */
  readonly #shared: { level: LogLevel }

  constructor(logger: Logger, shared: { level: LogLevel }) {
    this.#pino = logger
    this.#shared = shared
  }

  get level(): LogLevel {
    return this.#shared.level
  }

  set level(level: LogLevel) {
    this.#shared.level = level
  }

  debug(event: string, fields?: LogFields): void {
    if (this.#isOn('debug')) this.#pino.debug(fields ?? {}, event)
  }

  info(event: string, fields?: LogFields): void {
    if (this.#isOn('info')) this.#pino.info(fields ?? {}, event)
  }

  warn(event: string, fields?: LogFields): void {
    if (this.#isOn('warn')) this.#pino.warn(fields ?? {}, event)
  }

  error(event: string, fields?: LogFields): void {
    if (this.#isOn('error')) this.#pino.error(fields ?? {}, event)
  }

  with(fields: LogFields): Log {
    return new PinoLog(this.#pino.child(fields), this.#shared)
  }

  #isOn(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(this.#shared.level)
  }
}
