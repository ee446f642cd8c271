import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** What of a mesh can be left on a machine, one line each. */
export function listTraces(): readonly string[] {
  return [...namespaces(), ...links(), ...rules(), ...namespaceFiles(), ...processes()].sort()
}

function namespaces(): readonly string[] {
  return output('ip', ['netns', 'list']).map((line) => `namespace ${line.split(' ')[0]}`)
}

function links(): readonly string[] {
  return output('ip', ['-o', 'link', 'show']).map((line) => `link ${line.split(': ')[1]}`)
}

function rules(): readonly string[] {
  const lines = [...output('iptables-save', []), ...output('ip6tables-save', [])]
  return lines.filter((line) => line.startsWith('-A')).map((line) => `rule ${line}`)
}

function namespaceFiles(): readonly string[] {
  try {
    return readdirSync('/etc/netns').map((name) => `file /etc/netns/${name}`)
  } catch {
    return []
  }
}

/** Processes of the mesh: those whose command line names this project's proxy, control plane or applications. */
function processes(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid, command: commandLine(pid) }))
    .filter(({ command }) => /packages\/(proxy|control|demo)\/|heddle.*proxy\.js|e2e\/apps\//.test(command))
    .map(({ pid, command }) => `process ${pid} ${command.slice(0, 160)}`)
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

function output(program: string, args: readonly string[]): readonly string[] {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .split('\n')
      .filter((line) => line !== '')
  } catch {
    return []
  }
}
