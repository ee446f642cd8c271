import type { Category, Check } from './commands/check/check.ts'
import {
  BASE_CATEGORIES,
  HA_CATEGORIES,
  INSTALL_CATEGORIES,
  PRE_CATEGORIES,
  PROXY_CATEGORIES,
} from './commands/check/cluster/judge-cluster.ts'
import { CATEGORIES } from './commands/check/judge-mesh.ts'

/** What of a check the page shows; whatever it judges. */
interface ShownCategory {
  readonly name: string
  readonly checks: readonly Pick<Check<never>, 'id' | 'description' | 'about' | 'isFatal'>[]
}

const HEAD = `# What \`heddle check\` looks at

\`\`\`sh
heddle check                 # everything on this host; on a cluster the control plane and what belongs to it
heddle check --pre           # before an installation: whether the cluster and your rights are enough
heddle check --proxy         # on a cluster: the proxies of its pods as well; -n NAME for one namespace
heddle check -o short        # only what is not well
heddle check -o json         # for scripts
heddle check --wait 1m       # look again until all is well, for a minute at most
\`\`\`

| mark | in JSON | meaning |
| --- | --- | --- |
| √ | \`success\` | well |
| ‼ | \`warning\` | can be lived with; does not change the exit status |
| × | \`error\` | the command ends with exit status 1 |

Below each complaint stand what is wrong, with names and numbers, and what to do about it. What your user may not read is a warning: it is
not known to be well.
`

/** docs/reference/checks.md, from the tables of checks. */
export function renderChecksPage(): string {
  const onlyPre = PRE_CATEGORIES.filter(({ name }) => !BASE_CATEGORIES.some((base) => base.name === name))
  const onlyInstall = INSTALL_CATEGORIES.filter(({ name }) => !BASE_CATEGORIES.some((base) => base.name === name))
  return [
    HEAD,
    ...part('On one host', CATEGORIES),
    ...part('On a cluster, always', BASE_CATEGORIES),
    ...part('On a cluster, before an installation', onlyPre),
    ...part('On a cluster, the installation', onlyInstall),
    ...part('On a cluster, with several replicas of the control plane', HA_CATEGORIES),
    ...part('On a cluster, with `--proxy`', PROXY_CATEGORIES),
  ].join('\n')
}

function part<F>(title: string, categories: readonly Category<F>[]): readonly string[] {
  return [`## ${title}\n`, ...categories.flatMap(renderCategory)]
}

function renderCategory({ name, checks }: ShownCategory): readonly string[] {
  const title = `**${name}**\n`
  return [
    title,
    ...checks.map(({ id, description, about, isFatal }) => {
      const end = isFatal === true ? '\n\nWhere this fails, nothing behind it is looked at.' : ''
      return `### ${id}\n\n√ ${description}\n\n${wrap(`${about}${end}`)}\n`
    }),
  ]
}

const WIDTH = 140

/** Paragraphs and list items as lines that are easy to compare. */
function wrap(text: string): string {
  return text.split('\n').map(wrapLine).join('\n')
}

function wrapLine(line: string): string {
  const indent = line.startsWith('- ') ? '  ' : ''
  const lines: string[] = []
  let current = ''
  for (const word of line.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`
    if (longer.length > WIDTH && current.trim() !== '') {
      lines.push(current)
      current = `${indent}${word}`
    } else current = longer
  }
  return [...lines, current].join('\n')
}
