import { INJECT_ANNOTATION, PREFIX } from '@heddle/kube/inject/names'
import { SETTINGS } from '@heddle/kube/inject/settings'
import { type Command as CommanderCommand, Option } from 'commander'

const NAMES = Object.values(SETTINGS).map(({ name }) => name)

/** A flag for each annotation that says how a proxy is made: `--proxy-log-level` for `heddle.dev/proxy-log-level`. */
export function addSettingOptions(command: CommanderCommand): CommanderCommand {
  for (const { name, expects } of Object.values(SETTINGS)) {
    const about = `annotation ${PREFIX}${name}: ${expects.replaceAll('`', '')}`
    command.addOption(new Option(`--${name} <value>`, about))
  }
  return command
}

/** The annotations that flags ask for, by their whole names. */
export function annotationsOf(flags: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const given = NAMES.flatMap((name) => {
    const value = flags[name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())]
    return typeof value === 'string' ? [[PREFIX + name, value] as const] : []
  })
  return Object.fromEntries(given)
}

/** What plain injection writes: the wish for a proxy, and how it is to be made. */
export function wishFor(flags: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return { [INJECT_ANNOTATION]: 'enabled', ...annotationsOf(flags) }
}
