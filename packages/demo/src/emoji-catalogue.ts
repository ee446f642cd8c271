import type { Emoji } from './contract.ts'

/** All that can be voted for, in the order to show them. */
export const CATALOGUE: readonly Emoji[] = [
  { shortcode: ':rocket:', unicode: '🚀' },
  { shortcode: ':sunflower:', unicode: '🌻' },
  { shortcode: ':octopus:', unicode: '🐙' },
  { shortcode: ':guitar:', unicode: '🎸' },
  { shortcode: ':pizza:', unicode: '🍕' },
  { shortcode: ':broccoli:', unicode: '🥦' },
  { shortcode: ':fox_face:', unicode: '🦊' },
  { shortcode: ':rainbow:', unicode: '🌈' },
  { shortcode: ':sailboat:', unicode: '⛵' },
  { shortcode: ':jigsaw:', unicode: '🧩' },
  { shortcode: ':bee:', unicode: '🐝' },
  { shortcode: ':moon:', unicode: '🌙' },
]

/** The emoji of that shortcode, colons included. */
export function findEmoji(shortcode: string): Emoji | undefined {
  return CATALOGUE.find((emoji) => emoji.shortcode === shortcode)
}
