import fc from 'fast-check'

/**
 * For every test, on Node and on Bun (`bunfig.toml`): where a property says `maxLength`, it means it. Otherwise nothing has more than ten
 * parts, and a property over 200 events sees ten.
 */
fc.configureGlobal({ ...fc.readConfigureGlobal(), defaultSizeToMaxWhenMaxSpecified: true })
