package main

// usage is the whole of -h: every flag and every variable there is.
const usage = `mailmcp serves mail accounts as tools to an MCP client.

  mailmcp                          a sample mailbox in memory
  IMAP_ADDR=imap.example.org IMAP_USER=ann@example.org IMAP_PASSWORD=... mailmcp

  IMAP_OAUTH_CLIENT_ID=... mailmcp login -preset gmail -user ann@example.org -state FILE
  mailmcp -state FILE              serves the account that logged in
  mailmcp logout -state FILE       forgets the login and has the service end it

It serves every account the environment names, else the sample mailbox, over
standard input and output. Nothing is dialled before a tool needs it.

Flags:
  -provider demo|imap         only this one of what the environment names
  -config FILE                further accounts: a JSON list of {"id", "provider",
                              "variables": {"IMAP_ADDR": "WORK_IMAP_ADDR", ...}}; it
                              names variables and holds no values
  -tools neutral|all          the set of tools (neutral)
  -discovery                  list four tools that find, describe and call the others:
                              what a model reads then does not grow with the set
  -scopes "SCOPE ..."         what is granted, such as "mail:read mail:search" (all)
  -methods read,write         only tools of these kinds or verbs; custom: sending (all)
  -tags messages,folders      only tools with one of these tags (all)
  -allow GATE,...             open these and close all others: sending, destructive,
                              migration (none)
  -policy allow|ask|deny      recipients that -allow-recipients does not name. ask is
                              the default and, there being nobody to ask, passes like
                              allow: every send must say confirm_send all the same
  -allow-recipients LIST      addresses and @domains that may be written to
  -http ADDR                  serve MCP at http://ADDR/mcp instead, under the name in ADDR
                              and this machine's; loopback only unless MAIL_HTTP_TOKEN
                              is set
  -state FILE                 the logins that mailmcp login keeps; an account that has
                              one needs no IMAP_PASSWORD, and no IMAP_ADDR either
  -timeout TIME               most time of one call (50s)

Flags of mailmcp login, which asks the owner's consent in a browser and keeps it:
  -preset gmail|microsoft|outlook
                              the mail service
  -state FILE                 where to keep the login, sealed; made if need be
  -user ADDRESS               whose mailbox (IMAP_USER)
  -account ID                 the account it is for: imap is the environment's, others
                              are those of -config (imap)
  -device                     type a code on any machine instead of a browser on this one

Flags of mailmcp logout:
  -state FILE                 the file that keeps the login
  -account ID                 the account it is for (imap)

Variables of mailmcp login, which the login then holds; serving needs none of them:
  IMAP_OAUTH_CLIENT_ID        of the desktop application registered with the service
  IMAP_OAUTH_CLIENT_SECRET    where the service gave one
  IMAP_OAUTH_TENANT           microsoft: the only directory whose accounts may log in

Variables of an account (a config file can give each another name):
  IMAP_ADDR IMAP_USER IMAP_PASSWORD
                              host or host:port, and the login
  IMAP_TLS                    tls (default), starttls, or none for a loopback address
  IMAP_CA_FILE                PEM file of the authority to trust instead of the system's
  IMAP_TLS_FINGERPRINT        SHA-256 of the only certificate to accept
  SMTP_ADDR SMTP_USER SMTP_PASSWORD SMTP_TLS SMTP_CA_FILE SMTP_TLS_FINGERPRINT
                              the same for sending; without SMTP_ADDR no tool sends; the
                              login is the IMAP one unless given
  MAIL_FROM                   addresses to send from, the default first (IMAP_USER)
  MAIL_TIMEZONE               for the times in answers, such as Europe/Berlin
  MAIL_AUTHSERV_ID            the name under which the account's own mail server writes
                              Authentication-Results; without it only those count that
                              nobody else can have written

Variables for all accounts:
  MAIL_ALLOW_SENDING MAIL_ALLOW_DESTRUCTIVE MAIL_ALLOW_MIGRATION
                              true or false; a gate is open when it or -allow says true
                              and none says false
  MAIL_POLICY MAIL_TIMEOUT    as -policy and -timeout, which win
  MAIL_STATE_KEY              what -state is sealed with: 64 hex digits; without it a key
                              that is made and kept in FILE.key
  MAIL_HTTP_TOKEN             what clients of -http must send as bearer token
`
