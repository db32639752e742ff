# What the scripts beside this one share; they source it. Needs `$directory`, where logs are, and `$script`, its name.
# shellcheck shell=bash disable=SC2154

fail() {
    printf '%s: %s\n' "$script" "$1" >&2
    for log in "$directory"/*.log; do
        [[ -e "$log" ]] || continue
        printf -- '--- the end of %s\n' "${log##*/}" >&2
        tail -n 20 "$log" >&2
    done
    exit 1
}

# Ends a program that this script started: politely, then, after 10 seconds, for good.
stop() {
    [[ -n "$1" ]] || return 0
    kill "$1" 2>/dev/null || return 0
    for _ in {1..100}; do
        kill -0 "$1" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# Stops the programs whose ids are in `pids`, and removes the directory, when the script ends, whatever the end is.
clean_up_at_the_end() {
    pids=()
    trap 'for pid in "${pids[@]}"; do stop "$pid"; done; rm -rf "$directory"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# Waits until a line of a log matches, and prints what the parentheses of the pattern hold. $4 writes the log.
await_line() {
    local log=$1 pattern=$2 seconds=$3 pid=$4 end=$((SECONDS + $3))
    until grep -qE "$pattern" "$log"; do
        kill -0 "$pid" 2>/dev/null || fail "the program ended before it printed a line like \`$pattern\`"
        ((SECONDS < end)) || fail "no line like \`$pattern\` within $seconds s"
        sleep 0.2
    done
    sed -nE "s#.*$pattern.*#\\1#p" "$log" | head -n 1
}

# Ends a program as Ctrl-C does, and waits at most $2 seconds until it has ended with exit code 0.
interrupt() {
    local pid=$1 end=$((SECONDS + $2)) status=0
    kill -INT "$pid"
    while kill -0 "$pid" 2>/dev/null; do
        ((SECONDS < end)) || fail "the pipeline still runs $2 s after it was interrupted"
        sleep 0.2
    done
    wait "$pid" || status=$?
    ((status == 0)) || fail "the pipeline ended with exit code $status"
}

# Installs Debian packages, which needs root.
install_packages() {
    echo "== installing $*"
    [[ $(id -u) == 0 ]] || fail "only root can install $*: apt-get install $*"
    command -v apt-get >/dev/null || fail "there is no apt-get to install $* with"
    {
        apt-get update
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
    } >"$directory/apt.log" 2>&1 || fail "$* could not be installed"
}

# The processes that run a program, found without tools that a small installation lacks.
pids_of() {
    local exe
    for exe in /proc/[0-9]*/exe; do
        if [[ "$(readlink "$exe" 2>/dev/null)" == "$1" ]]; then
            exe=${exe%/exe}
            echo "${exe##*/}"
        fi
    done
}

# Installs a Debian package if the server in it, or one of the other programs, is missing: PACKAGE SERVER [PROGRAM]..
install_server() {
    local package=$1 server=$2 pid
    type -P "${@:2}" >/dev/null && return
    install_packages "$package"
    # The package may start a service of its own. There was none before, so what runs now is that.
    for pid in $(pids_of "$(readlink -f "$(command -v "$server")")"); do
        stop "$pid"
    done
}

# Installs Prometheus and promtool if they are missing.
install_prometheus() {
    install_server prometheus prometheus promtool
}

# Installs Prometheus' client for Python below a directory if it is not there; it is found with PYTHONPATH.
install_python_client() {
    [[ ! -d "$1/prometheus_client" ]] || return 0
    python3 -m pip --version >/dev/null 2>&1 || install_packages python3-pip
    python3 -m pip install --quiet --target "$1" prometheus-client==0.26.0
}

# Installs the nightly toolchain if it is missing.
install_nightly() {
    cargo +nightly --version >/dev/null 2>&1 || rustup toolchain install nightly --profile minimal
}

section() {
    printf '\n== %s\n' "$1"
}
