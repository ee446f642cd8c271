import fc from 'fast-check'

/** A property that ran well for so long has held; a machine that is busy enough would take longer than a test may. */
const PROPERTY_MS = 30_000

/**
 * For every test, on Node and on Bun (`bunfig.toml`): where a property says `maxLength`, it means it. Otherwise nothing has more than ten
 * parts, and a property over 200 events sees ten.
 */
fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  defaultSizeToMaxWhenMaxSpecified: true,
  interruptAfterTimeLimit: PROPERTY_MS,
})
