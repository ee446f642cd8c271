import { ConfigError } from '@heddle/base/config-error'

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

/** One environment variable: its name, what it means to a user, and how its text becomes a value. */
export interface Variable<T> {
  readonly name: string
  /** For the reference: what it is for, in one or two sentences. */
  readonly about: string
  /** For the reference and for error messages: "a whole number from 1 to 65535". */
  readonly expects: string
  /** The text that stands for an unset variable; `undefined`: it must be set. */
  readonly fallback: string | undefined
  /** @throws {RangeError} when `text` is not what is expected; the message may say why in few words */
  readonly parse: (text: string) => T
}

/** A variable for each property of `T`. */
export type VariableTable<T> = { readonly [K in keyof T]-?: Variable<T[K]> }

/** Reads the variables of a table from the environment and remembers what was wrong. */
export class EnvReader {
  readonly #env: Environment
  readonly #problems: string[] = []

  constructor(env: Environment) {
    this.#env = env
  }

  /**
   * Reads all variables of `table`. A variable set to the empty text counts as unset.
   *
   * @throws {ConfigError} listing every variable that is missing or wrong
   */
  readAll<T extends object>(table: VariableTable<T>): Readonly<T> {
    const values: Partial<T> = {}
    for (const property of Object.keys(table) as (keyof T)[]) {
      this.#read(table[property], (value) => {
        values[property] = value
      })
    }
    this.#check()
    return Object.freeze(values as T)
  }

  #read<T>(variable: Variable<T>, keep: (value: T) => void): void {
    const { name, expects, fallback } = variable
    const text = this.#env[name] || fallback
    if (text === undefined) {
      this.#problems.push(`${name} is not set: expected ${expects}`)
      return
    }
    try {
      keep(variable.parse(text))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      const why = error.message === '' ? '' : ` (${error.message})`
      this.#problems.push(`${name}=${text}: expected ${expects}${why}`)
    }
  }

  #check(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#problems)
  }
}
