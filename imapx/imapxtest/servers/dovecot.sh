#!/bin/bash
# Dovecot 2.3 (Debian 12: dovecot-imapd, and as wanted dovecot-lmtpd,
# dovecot-managesieved, dovecot-submissiond, dovecot-fts-xapian).
#   BASE=/some/dir dovecot.sh start | stop | restart | kill | reload | conf
#   BASE=/some/dir dovecot.sh run     in the foreground until stdin ends, then
#                     ends the whole process group: stops in milliseconds and
#                     never outlives whoever started it
# Ports, from PORT0 (21000): +143 IMAP, +993 IMAPS, +24 LMTP, +419 ManageSieve,
# +587 submission and +565 the same with implicit TLS (both relay to +25 unless
# RELAY_PORT says otherwise), +12 SASL for Postfix.
# Knobs (environment):
#   FTS=xapian        full-text index (needs dovecot-fts-xapian)
#   STORE=maildir|sdbox|mdbox          mail format (default maildir)
#   CAPS='IMAP4rev1 ...'               override the advertised CAPABILITY
#   MAXCONN=10        mail_max_userip_connections
#   QUOTA=10M         quota for every user (adds QUOTA, makes APPEND answer [OVERQUOTA])
#   PLAINTEXT=no      refuse LOGIN before TLS (LOGINDISABLED): seen only on 127.0.0.2,
#                     since Dovecot holds a connection from its own address as secure
#   FAST=yes          processes serve many connections and nothing is synced: a
#                     login costs a third, and a power cut everything
#   MARK=word         what the greeting says
#   EXTRA='...'       raw lines appended to the configuration
# Works as root (mail as nobody) and as an ordinary user (everything as that user).
. "$(dirname "$0")/common.sh"
conf=$BASE/dovecot.conf
p() { echo $((PORT0 + $1)); }

write_conf() {
  make_cert
  mkdir -p "$BASE"/{mail,state,run,sieve}
  local internal group login vuser vgroup priv=''
  if [[ $(id -u) = 0 ]]; then
    internal=dovecot group=dovecot login=dovenull vuser=nobody vgroup=nogroup
    chown -R "$vuser:$vgroup" "$BASE/mail" "$BASE/state" "$BASE/sieve"
  else
    internal=$(id -un) group=$(id -gn) login=$internal vuser=$internal vgroup=$group
    priv='service imap-login {
  chroot =
}
service anvil {
  chroot =
}
service submission-login {
  chroot =
}
service managesieve-login {
  chroot =
}'
  fi
  : >"$BASE/passwd"
  local u
  for u in "${USERS[@]}"; do
    printf '%s:{PLAIN}%s-pw::::::\n' "$u" "$u" >>"$BASE/passwd"
  done
  local protocols=imap plugins='' imap_plugins='' plugin_block=''
  [[ -e /usr/lib/dovecot/lmtp || -e /usr/libexec/dovecot/lmtp ]] && protocols+=' lmtp'
  [[ -e /usr/lib/dovecot/managesieve ]] && protocols+=' sieve'
  [[ -e /usr/lib/dovecot/submission ]] && protocols+=' submission'
  if [[ ${FTS:-} = xapian ]]; then
    plugins+=' fts fts_xapian'
    plugin_block+='
  fts = xapian
  fts_xapian = partial=3 full=20
  fts_autoindex = yes
  fts_enforced = yes'
  fi
  if [[ -n ${QUOTA:-} ]]; then
    plugins+=' quota' imap_plugins+=' imap_quota'
    plugin_block+="
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:storage=$QUOTA
  quota_exceeded_message = Quota exceeded"
  fi
  cat >"$conf" <<CONF
base_dir = $BASE/run
state_dir = $BASE/state
log_path = $BASE/dovecot.log
auth_verbose = yes
${MARK:+login_greeting = $MARK}
instance_name = test-$PORT0
listen = 127.0.0.1, 127.0.0.2
protocols = $protocols
default_internal_user = $internal
default_internal_group = $group
default_login_user = $login
mail_uid = $vuser
mail_gid = $vgroup
first_valid_uid = 1
mail_home = $BASE/mail/%n
mail_location = ${STORE:-maildir}:~/Mail
mail_plugins =$plugins
disable_plaintext_auth = $([[ ${PLAINTEXT:-yes} = no ]] && echo yes || echo no)
auth_mechanisms = plain login
auth_failure_delay = 0
ssl = yes
ssl_cert = <$BASE/tls/cert.pem
ssl_key = <$BASE/tls/key.pem
mail_max_userip_connections = ${MAXCONN:-100}
passdb {
  driver = passwd-file
  args = username_format=%n $BASE/passwd
}
userdb {
  driver = static
  args = uid=$vuser gid=$vgroup home=$BASE/mail/%n
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    auto = subscribe
    special_use = \\Drafts
  }
  mailbox Sent {
    auto = subscribe
    special_use = \\Sent
  }
  mailbox Trash {
    auto = subscribe
    special_use = \\Trash
  }
  mailbox Junk {
    auto = subscribe
    special_use = \\Junk
  }
  mailbox Archive {
    auto = subscribe
    special_use = \\Archive
  }
}
# no growing delay for 127.0.0.1 after tests of wrong passwords
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  inet_listener imap {
    port = $(p 143)
  }
  inet_listener imaps {
    port = $(p 993)
    ssl = yes
  }
  process_min_avail = 1
}
service imap {
  vsz_limit = 1G
}
service auth {
  inet_listener {
    address = 127.0.0.1
    port = $(p 12)
  }
}
protocol imap {
  mail_plugins = \$mail_plugins$imap_plugins
  ${CAPS:+imap_capability = $CAPS}
}
plugin {$plugin_block
  sieve = file:~/sieve;active=~/.dovecot.sieve
}
$priv
CONF
  if [[ $protocols = *lmtp* ]]; then
    cat >>"$conf" <<CONF
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = $(p 24)
  }
}
protocol lmtp {
  postmaster_address = postmaster@test.invalid
  mail_plugins = \$mail_plugins$([[ -e /usr/lib/dovecot/modules/lib90_sieve_plugin.so ]] && echo ' sieve')
}
CONF
  fi
  [[ $protocols = *sieve* ]] && cat >>"$conf" <<CONF
service managesieve-login {
  inet_listener sieve {
    port = $(p 419)
  }
}
CONF
  [[ $protocols = *submission* ]] && cat >>"$conf" <<CONF
service submission-login {
  inet_listener submission {
    port = $(p 587)
  }
  inet_listener submissions {
    port = $(p 565)
    ssl = yes
  }
}
hostname = mail.test.invalid
submission_relay_host = 127.0.0.1
submission_relay_port = ${RELAY_PORT:-$(p 25)}
submission_relay_trusted = yes
CONF
  [[ ${FAST:-no} = yes ]] && cat >>"$conf" <<'CONF'
mail_fsync = never
service imap-login {
  service_count = 0
}
service imap {
  service_count = 50
  process_limit = 500
}
service auth {
  client_limit = 2000
}
CONF
  [[ -n ${EXTRA:-} ]] && printf '%s\n' "$EXTRA" >>"$conf"
  return 0
}

case ${1:-start} in
conf) write_conf; cat "$conf" ;;
start)
  write_conf
  dovecot -c "$conf" </dev/null >/dev/null 2>>"$BASE/dovecot.err"
  wait_port "$(p 143)"
  echo "BASE=$BASE IMAP=127.0.0.1:$(p 143) IMAPS=127.0.0.1:$(p 993) pid=$(<"$BASE/run/master.pid")"
  ;;
run)
  write_conf
  set -m                         # the job below gets a process group of its own
  dovecot -F -c "$conf" </dev/null >/dev/null 2>>"$BASE/dovecot.err" &
  master=$!
  cat >/dev/null || true
  kill -9 -- "-$master" 2>/dev/null || true
  wait "$master" 2>/dev/null || true
  ;;
stop) doveadm -c "$conf" stop ;;
reload) doveadm -c "$conf" reload ;;
restart) doveadm -c "$conf" stop; dovecot -c "$conf" </dev/null >/dev/null 2>>"$BASE/dovecot.err"; wait_port "$(p 143)" ;;
kill) kill -9 "$(<"$BASE/run/master.pid")"; rm -f "$BASE/run/master.pid" ;; # abrupt: new logins refused, open sessions live on
*) echo "usage: $0 start|run|stop|restart|reload|kill|conf" >&2; exit 2 ;;
esac
