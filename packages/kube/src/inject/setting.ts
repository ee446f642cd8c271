/** One thing that can be set for a proxy by an annotation: its name, what it means to a user, and how its text becomes a value. */
export interface Setting<T> {
  /** Without `heddle.dev/`. */
  readonly name: string
  /** For the reference: what it is for, in one or two sentences. */
  readonly about: string
  /** For the reference and for error messages: "ports like `25,4000-4100`". */
  readonly expects: string
  /** The text that stands for an absent annotation; empty: nothing is set. */
  readonly fallback: string
  /** The words that it takes, where it takes only some. */
  readonly choices?: readonly string[]
  /** What its text looks like, as far as one expression can say it. */
  readonly pattern?: string
  /** @throws {RangeError} when `text` is not what is expected; the message may say why in few words */
  readonly parse: (text: string) => T
}

interface SettingText {
  readonly fallback?: string
  readonly about: string
}

/** One of some words. */
export function oneOf<T extends string>(name: string, choices: readonly T[], text: SettingText): Setting<T> {
  return setting(name, text, {
    expects: `one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`,
    choices,
    parse: (value) => {
      const found = choices.find((choice) => choice === value)
      if (found === undefined) throw new RangeError()
      return found
    },
  })
}

/** A whole number within limits. */
export function integer(
  name: string,
  text: SettingText & { readonly min: number; readonly max: number },
): Setting<number> {
  const { min, max } = text
  return setting(name, text, {
    expects: `a whole number from ${min} to ${max}`,
    pattern: '^[0-9]{1,15}$',
    parse: (value) => {
      const number = Number(value)
      if (!/^\d{1,15}$/.test(value) || number < min || number > max) throw new RangeError()
      return number
    },
  })
}

/** A text that has to look like `pattern`; empty where nothing is set. */
export function matching(
  name: string,
  text: SettingText & { readonly expects: string },
  pattern: RegExp,
): Setting<string> {
  return setting(name, text, {
    expects: text.expects,
    pattern: `^$|${pattern.source}`,
    parse: (value) => {
      if (value !== '' && !pattern.test(value)) throw new RangeError()
      return value
    },
  })
}

/** A value with a syntax of its own. */
export function syntax<T>(
  name: string,
  text: SettingText & { readonly expects: string },
  parse: (value: string) => T,
): Setting<T> {
  return setting(name, text, { expects: text.expects, parse })
}

function setting<T>(
  name: string,
  { about, fallback = '' }: SettingText,
  how: Pick<Setting<T>, 'expects' | 'choices' | 'pattern' | 'parse'>,
): Setting<T> {
  return { name, about, fallback, ...how }
}
