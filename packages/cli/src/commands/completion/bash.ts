import { type CommandNode, type FlagNode, flatten } from './command-tree.ts'

/** A script for bash 4 or later that needs no other package. */
export function formatBash(program: CommandNode): string {
  const nodes = flatten(program)
  const name = program.path
  return `# ${name} completion for bash. To load it: source <(${name} completion bash)
_${name}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at=${quote(name)} i
  # Of --flag=value bash makes three words.
  if [[ "$cur" == '=' ]]; then cur=''; elif [[ "$prev" == '=' ]]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  for (( i = 1; i < COMP_CWORD; i++ )); do
    case "$at \${COMP_WORDS[i]}" in
      ${nodes
        .slice(1)
        .map(({ path }) => quote(path))
        .join('|')}) at="$at \${COMP_WORDS[i]}" ;;
      *' --') return ;;
    esac
  done
  case "$at $prev" in
${nodes.flatMap(({ path, flags }) => flags.filter(({ takesValue }) => takesValue).map((flag) => formatValue(path, flag))).join('\n')}
  esac
  local words
  case "$at" in
${nodes.map(formatWords).join('\n')}
  esac
  COMPREPLY=( $(compgen -W "$words" -- "$cur") )
}
complete -o default -F _${name} ${name}
`
}

/** After a flag with choices these are offered; after another with a value the shell offers files. */
function formatValue(path: string, { short, long, choices }: FlagNode): string {
  const names = [short, long].filter((name) => name !== undefined)
  const patterns = names.map((name) => quote(`${path} ${name}`)).join('|')
  if (choices.length === 0) return `    ${patterns}) return ;;`
  return `    ${patterns}) COMPREPLY=( $(compgen -W ${quote(choices.join(' '))} -- "$cur") ); return ;;`
}

/** Flags are offered once a hyphen is typed; where only files can stand, nothing else is. */
function formatWords({ path, children, flags, words, takesFiles }: CommandNode): string {
  const lastWord = path.length
  const names = [...children.map((child) => child.path.slice(lastWord + 1)), ...words]
  const longs = flags.map(({ long }) => long)
  const always = takesFiles || names.length > 0 ? names : longs
  const chosen = `[[ "$cur" == -* ]] && words=${quote(longs.join(' '))} || words=${quote(always.join(' '))}`
  return `    ${quote(path)}) ${chosen} ;;`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
