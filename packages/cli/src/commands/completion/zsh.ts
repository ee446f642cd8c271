import { type CommandNode, type FlagNode, flatten } from './command-tree.ts'

/** A script for zsh: to be sourced, or put as `_heddle` into a folder of `$fpath`. */
export function formatZsh(program: CommandNode): string {
  const nodes = flatten(program)
  const name = program.path
  return `#compdef ${name}
# ${name} completion for zsh. To load it: source <(${name} completion zsh)
_${name}() {
  local at=${quote(name)} before=$words[CURRENT-1] i
  local -a offered flags
  if [[ $PREFIX == --*=* ]]; then before=\${PREFIX%%=*}; compset -P '*='; fi
  for (( i = 2; i < CURRENT; i++ )); do
    case "$at $words[i]" in
      (${nodes
        .slice(1)
        .map(({ path }) => quote(path))
        .join('|')}) at="$at $words[i]" ;;
      (*' --') shift $(( i )) words; (( CURRENT -= i )); _normal; return ;;
    esac
  done
  case "$at $before" in
${nodes.flatMap(({ path, flags }) => flags.filter(({ takesValue }) => takesValue).map((flag) => formatValue(path, flag))).join('\n')}
  esac
  case "$at" in
${nodes.map(formatNode).join('\n')}
  esac
  if [[ $PREFIX == -* ]]; then _describe -o flag flags; return; fi
  _describe word offered || _files
}
if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi
`
}

function formatValue(path: string, { short, long, choices }: FlagNode): string {
  const names = [short, long].filter((name) => name !== undefined)
  const patterns = names.map((name) => quote(`${path} ${name}`)).join('|')
  const action = choices.length === 0 ? '_files' : `compadd -- ${choices.join(' ')}`
  return `    (${patterns}) ${action}; return ;;`
}

function formatNode({ path, children, flags, words }: CommandNode): string {
  const commands = children.map((child) => describe(child.path.slice(path.length + 1), child.description))
  const offered = [...commands, ...words.map(quote)].join(' ')
  const described = flags.map(({ long, description }) => describe(long, description)).join(' ')
  return `    (${quote(path)}) offered=(${offered}); flags=(${described}) ;;`
}

/** `_describe` takes \`word:description\`. */
function describe(word: string, description: string): string {
  return quote(`${word}:${description.replaceAll(':', '\\:')}`)
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
