# Shared helpers for the throwaway test servers.  Source it; do not run it.
# Everything lives under $BASE (default: a fresh mktemp directory) and listens
# on 127.0.0.1 only.  Two accounts exist everywhere: alice / alice-pw and
# bob / bob-pw; MORE_USERS=50 adds u1 / u1-pw to u50 / u50-pw.
# PORT0 moves every port: each server documents its offsets.
set -euo pipefail
PORT0=${PORT0:-21000}
SERVERS=${SERVERS:-/var/cache/postern-test-servers} # what unpack.sh unpacks
BASE=${BASE:-$(mktemp -d "${TMPDIR:-/tmp}/mailsrv.XXXXXX")}
mkdir -p "$BASE"
chmod 711 "$BASE"                # unprivileged server users must be able to walk in
USERS=(alice bob)
for ((n = 1; n <= ${MORE_USERS:-0}; n++)); do USERS+=("u$n"); done
pw() { printf '%s-pw' "$1"; }

make_cert() {                    # $BASE/tls/{ca.pem,cert.pem,key.pem} for localhost, 127.0.0.1, 127.0.0.2
  [[ -s $BASE/tls/cert.pem ]] && return 0
  mkdir -p "$BASE/tls"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
    -keyout "$BASE/tls/key.pem" -out "$BASE/tls/cert.pem" -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:127.0.0.2' \
    -addext 'basicConstraints=critical,CA:TRUE' 2>/dev/null
  cp "$BASE/tls/cert.pem" "$BASE/tls/ca.pem"
  cat "$BASE/tls/key.pem" "$BASE/tls/cert.pem" >"$BASE/tls/both.pem"
  chmod 644 "$BASE/tls/"*.pem    # a throwaway key: readable by the server users
}

wait_port() {                    # wait_port PORT [SECONDS]
  local i
  for ((i = 0; i < ${2:-10} * 20; i++)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
    sleep 0.05
  done
  echo "port $1 did not open" >&2
  return 1
}

stop_pidfile() {                 # stop_pidfile FILE: TERM, wait, then KILL, that one process only
  local pid i
  [[ -s $1 ]] || return 0
  pid=$(<"$1")
  kill "$pid" 2>/dev/null || return 0
  for ((i = 0; i < 100; i++)); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.05; done
  kill -9 "$pid" 2>/dev/null || true
}
