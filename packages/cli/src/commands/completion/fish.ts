import { type CommandNode, type FlagNode, flatten } from './command-tree.ts'

/** A script for fish, to be sourced or put into its completions folder. */
export function formatFish(program: CommandNode): string {
  const nodes = flatten(program)
  const name = program.path
  return `# ${name} completion for fish. To load it: ${name} completion fish | source
function __${name}_at
    set -l at ${name}
    for word in (commandline -opc)[2..-1]
        if contains -- "$at $word" ${nodes
          .slice(1)
          .map(({ path }) => quote(path))
          .join(' ')}
            set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
${nodes.flatMap((node) => formatNode(name, node)).join('\n')}
`
}

function formatNode(name: string, node: CommandNode): readonly string[] {
  const start = `complete -c ${name} -n ${quote(`__${name}_at ${quote(node.path)}`)}`
  const commands = node.children.map((child) => {
    const word = child.path.slice(node.path.length + 1)
    return `${start} -f -a ${quote(word)} -d ${quote(child.description)}`
  })
  const words = node.words.length === 0 ? [] : [`${start} -f -a ${quote(node.words.join(' '))}`]
  const nothing = node.takesFiles || commands.length + words.length > 0 ? [] : [`${start} -f`]
  return [...nothing, ...commands, ...words, ...node.flags.map((flag) => `${start} ${formatFlag(flag)}`)]
}

function formatFlag({ short, long, description, takesValue, choices }: FlagNode): string {
  const names = [`-l ${long.replace(/^--/, '')}`, ...(short === undefined ? [] : [`-s ${short.replace(/^-/, '')}`])]
  const value = choices.length > 0 ? ` -x -a ${quote(choices.join(' '))}` : takesValue ? ' -r' : ''
  return `${names.join(' ')}${value} -d ${quote(description)}`
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
