/**
 * Most instructions of a compiled expression. A value of n characters takes at most about n times that many steps, so this bounds
 * what one header can cost; `/v[0-9]+/.*` has 9.
 */
export const MAX_REGEX_INSTRUCTIONS = 1000
