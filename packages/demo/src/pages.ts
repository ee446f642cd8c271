import type { Emoji } from './contract.ts'

/** One line of the leaderboard. */
export interface Standing extends Emoji {
  readonly votes: number
}

/** The page with one button for each emoji. */
export function votingPage(emojis: readonly Emoji[]): string {
  const buttons = emojis.map(
    ({ shortcode, unicode }) =>
      `<button name="choice" value="${escapeHtml(shortcode)}" title="${escapeHtml(shortcode)}">${escapeHtml(unicode)}</button>`,
  )
  return page(
    'Which one is your favourite?',
    `<form method="post" action="/vote"><div class="grid">${buttons.join('')}</div></form>
     <p><a href="/leaderboard">See the leaderboard</a></p>`,
  )
}

/** Thanks for a vote. */
export function thanksPage({ shortcode, unicode, votes }: Standing): string {
  return page(
    `A vote for ${unicode}`,
    `<p><strong>${escapeHtml(shortcode)}</strong> has ${votes} ${votes === 1 ? 'vote' : 'votes'} now.</p>
     <p><a href="/">Vote again</a> · <a href="/leaderboard">See the leaderboard</a></p>`,
  )
}

/** All standings, most votes first. */
export function leaderboardPage(standings: readonly Standing[]): string {
  const most = Math.max(1, ...standings.map(({ votes }) => votes))
  const rows = standings.map(
    ({ shortcode, unicode, votes }) =>
      `<tr><td class="emoji">${escapeHtml(unicode)}</td><td>${escapeHtml(shortcode)}</td>
       <td class="bar"><div style="width:${Math.round((100 * votes) / most)}%"></div></td><td>${votes}</td></tr>`,
  )
  const table = rows.length === 0 ? '<p>Nobody has voted yet.</p>' : `<table>${rows.join('')}</table>`
  return page('Leaderboard', `${table}<p><a href="/">Vote</a></p>`)
}

/** Something failed; `detail` is shown. */
export function errorPage(status: number, detail: string): string {
  return page(`Error ${status}`, `<p>${escapeHtml(detail)}</p><p><a href="/">Vote for another one</a></p>`)
}

const STYLE = `
  :root { color-scheme: light dark }
  body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; text-align: center }
  .grid { display: grid; grid-template-columns: repeat(4, 1fr); gap: .75rem }
  button { font-size: 2.5rem; padding: .6rem; border: 1px solid #8884; border-radius: .75rem; background: #8881; cursor: pointer }
  button:hover, button:focus-visible { background: #8884 }
  table { width: 100%; border-collapse: collapse; text-align: left }
  td { padding: .2rem .5rem } td:last-child { text-align: right }
  .emoji { font-size: 1.6rem } .bar { width: 45% } .bar div { height: .8rem; border-radius: .4rem; background: #c2410c }
  a { color: #c2410c }`

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} – emojivote</title><style>${STYLE}</style></head>
<body><h1>${escapeHtml(title)}</h1>${body}</body>
</html>
`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!)
}
