#!/bin/sh
# Installs the command line of Heddle, with the Node that it runs on, for one user or all.
#
#   curl -fsSL BASE/install.sh | sh -s -- --base BASE
#   sh install.sh --base BASE [--version VERSION] [--prefix FOLDER]
#
# BASE (or $HEDDLE_RELEASES) is where your releases are served from: an address of http(s), or a folder as file:///FOLDER. Below it lie
# "latest", a file with a version, and VERSION/heddle-VERSION-OS-ARCHITECTURE.tar.gz with its .sha256, as deploy/cli/build.ts makes them.
# FOLDER is ~/.local unless given: the programs go to FOLDER/lib/heddle/VERSION, and FOLDER/bin/heddle leads there.
# Nothing is run or linked before its sum was right. Everything is in a function, so that half a download does nothing.
set -eu

main() {
  base=${HEDDLE_RELEASES:-}
  version=${HEDDLE_VERSION:-}
  prefix=${HEDDLE_PREFIX:-$HOME/.local}
  while [ $# -gt 0 ]; do
    case $1 in
      --base | --version | --prefix)
        [ $# -gt 1 ] || fail "$1 needs a value"
        eval "${1#--}=\$2"
        shift 2
        ;;
      *) fail "$1 is not known" 'usage: install.sh --base BASE [--version VERSION] [--prefix FOLDER]' ;;
    esac
  done
  [ -n "$base" ] || fail 'nothing says where releases are' 'give it: --base https://... or HEDDLE_RELEASES=https://...'
  base=${base%/}
  need tar
  need curl
  find_platform
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  [ -n "$version" ] || version=$(fetch "$base/latest" -) || fail "cannot read $base/latest" 'or say which one: --version VERSION'
  case $version in
    '' | *[!A-Za-z0-9._-]*) fail "'$version' is not a version" ;;
  esac
  install_version
}

say() { echo "$*" >&2; }

fail() {
  echo "error: $1" >&2
  shift
  for line in "$@"; do echo "  $line" >&2; done
  exit 1
}

need() { command -v "$1" > /dev/null || fail "there is no $1" 'install it and try again'; }

find_platform() {
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) fail "there is no release for $(uname -s)" 'with Node 24 or later: npm install --global heddle' ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) architecture=amd64 ;;
    aarch64 | arm64) architecture=arm64 ;;
    *) fail "there is no release for $(uname -m)" 'with Node 24 or later: npm install --global heddle' ;;
  esac
}

# $1: an address, $2: a file, or - for standard output. Redirections stay with protocols that cannot be read on the way.
fetch() {
  case $1 in
    file:*) curl -fsS "$1" -o "$2" ;;
    *) curl -fsSL --proto '=https,http' --proto-redir '=https' --retry 3 --connect-timeout 10 "$1" -o "$2" ;;
  esac
}

install_version() {
  name=heddle-$version-$os-$architecture
  say "fetching $name"
  fetch "$base/$version/$name.tar.gz" "$work/$name.tar.gz" || fail "cannot fetch $base/$version/$name.tar.gz" 'is there such a version for this platform?'
  fetch "$base/$version/$name.tar.gz.sha256" "$work/sum" || fail "cannot fetch $base/$version/$name.tar.gz.sha256"
  wanted=$(cut -d ' ' -f 1 < "$work/sum")
  found=$(sum_of "$work/$name.tar.gz")
  [ -n "$wanted" ] && [ "$wanted" = "$found" ] || fail "$name.tar.gz is not what was released" "expected SHA-256 $wanted" "found           $found"
  tar -xzf "$work/$name.tar.gz" -C "$work"
  "$work/$name/bin/heddle" --help > /dev/null || fail 'the program does not run on this machine'
  place
}

# Beside what is there, and then at once.
place() {
  mkdir -p "$prefix/lib/heddle" "$prefix/bin" || fail "$prefix cannot be written to" 'choose another folder: --prefix FOLDER'
  rm -rf "$prefix/lib/heddle/$version.new"
  mv "$work/$name" "$prefix/lib/heddle/$version.new"
  rm -rf "$prefix/lib/heddle/$version"
  mv "$prefix/lib/heddle/$version.new" "$prefix/lib/heddle/$version"
  ln -sfn "../lib/heddle/$version/bin/heddle" "$prefix/bin/heddle"
  say "heddle $version is in $prefix/bin"
  case :$PATH: in
    *":$prefix/bin:"*) ;;
    *) say "add it to your path: export PATH=\"$prefix/bin:\$PATH\"" ;;
  esac
  say 'next: heddle check --pre'
}

sum_of() {
  if command -v sha256sum > /dev/null; then
    sha256sum "$1" | cut -d ' ' -f 1
  else
    need shasum
    shasum -a 256 "$1" | cut -d ' ' -f 1
  fi
}

main "$@"
