#!/bin/bash
# Fetches Cyrus and Courier from Debian 12 and unpacks them, without installing:
# as packages they conflict with each other and with Dovecot. Their shared
# libraries are installed, which needs root, as the servers themselves do.
#   SERVERS=/some/dir unpack.sh     (default /var/cache/postern-test-servers, readable by all)
# Quick when all is there already.
set -euo pipefail
cd "$(dirname "$0")"
SERVERS=${SERVERS:-/var/cache/postern-test-servers}
packages=(cyrus-common cyrus-imapd sasl2-bin
  courier-base courier-imap courier-authdaemon courier-authlib courier-authlib-userdb)
libraries=(libsasl2-modules-db libical3 libxapian30 libpq5 libzephyr4 libclamav12 libwrap0 libjansson4 libpcre3
  libgamin0 libgdbm6 libidn12 libcourier-unicode4 libltdl7 libdb5.3)
programs=(usr/lib/cyrus/bin/{master,imapd,ctl_cyrusdb,idled,lmtpd} usr/sbin/saslpasswd2
  usr/bin/{imapd,couriertls} usr/sbin/couriertcpd usr/lib/courier/courier/imaplogin
  usr/lib/courier/courier-authlib/{authdaemond,makedatprog})
fail() { printf 'unpack.sh: %s\n' "$*" >&2; exit 1; }

# missing lists what a program lacks: itself, or libraries.
missing() {
  local program
  for program in "${programs[@]}"; do
    [[ -x $SERVERS/$program ]] || { echo "$program"; continue; }
    LD_LIBRARY_PATH=$SERVERS/usr/lib/x86_64-linux-gnu:$SERVERS/usr/lib/courier-authlib:$SERVERS/usr/lib \
      ldd "$SERVERS/$program" | awk '/not found/ {print $1}'
  done | sort -u
}

[[ -z $(missing) && -e /usr/lib/x86_64-linux-gnu/sasl2/libsasldb.so ]] && exit 0
[[ $(id -u) = 0 ]] || fail "must be root"
command -v apt-get >/dev/null || fail "there is no apt-get here"
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
chmod 755 "$fresh"                # apt fetches as a user of its own
chown _apt "$fresh" 2>/dev/null || true
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get install -y -qq --no-install-recommends "${libraries[@]}" >/dev/null ||
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${libraries[@]}" >/dev/null; } ||
  fail "cannot install ${libraries[*]} (Debian 12)"
(cd "$fresh" && apt-get download -qq "${packages[@]}" >/dev/null) ||
  (apt-get update -qq && cd "$fresh" && apt-get download -qq "${packages[@]}" >/dev/null) ||
  fail "cannot download ${packages[*]} (Debian 12)"
mkdir -p "$SERVERS"
for package in "$fresh"/*.deb; do dpkg -x "$package" "$SERVERS"; done
still=$(missing)
setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$SERVERS/usr/bin/imapd" ||
  fail "$SERVERS must be open to all users: the servers are not root"
[[ -z $still ]] || fail "unpacked, but still missing: $still"
